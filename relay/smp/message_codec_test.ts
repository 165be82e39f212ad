import assert from "node:assert/strict";
import { bytesOf, readVectors, type Vector } from "../../tests/vectors.ts";
import {
  checkMessageEntity,
  decodeMessage,
  encodeMessage,
} from "./message_codec.ts";
import type { Message, QueueInfo } from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("messages are encoded as the reference does, in all versions", () => {
  for (const vector of readVectors("smp_commands.json.gz", "response")) {
    const message = messageOf(vector);
    for (const { version, output } of encodings(vector)) {
      assert.equal(
        encodeMessage(version, message).toHex(),
        output.toHex(),
        `${vector.id} v${version}`,
      );
    }
  }
});

Deno.test("messages of the reference are decoded, in all versions", () => {
  for (const vector of readVectors("smp_commands.json.gz", "response")) {
    for (const { version, output } of encodings(vector)) {
      const message = decodeMessage(version, output);
      assert.ok("tag" in message, `${vector.id} v${version}`);
      assert.deepEqual(encodeMessage(version, message), output);
    }
    assert.deepEqual(
      defined(decodeMessage(18, newestOutput(vector))),
      defined(messageOf(vector)),
      vector.id,
    );
  }
});

Deno.test("errors read as the text that the reference calls them", () => {
  for (const vector of readVectors("smp_commands.json.gz", "response")) {
    if (!vector.id.startsWith("resp-ERR")) continue;
    const text = decoder.decode(newestOutput(vector))
      // A text in an error comes with its length.
      .replace(/(RESPONSE|UNEXPECTED) ./s, "$1 ");
    assert.equal(text, `ERR ${vector.object("fields").text("error")}`);
  }
});

Deno.test("times in INFO have the fraction that they need", () => {
  const cases: readonly [number, string][] = [
    [0, "1970-01-01T00:00:00Z"],
    [1743338090, "2025-03-30T12:34:50Z"],
    [1743338100.5, "2025-03-30T12:35:00.5Z"],
  ];
  for (const [time, text] of cases) {
    const info: QueueInfo = {
      secured: false,
      notifier: false,
      size: 1,
      message: { id: "AA==", time, type: "message" },
    };
    const encoded = encodeMessage(18, { tag: "INFO", info });
    assert.ok(decoder.decode(encoded).includes(`"msgTs":"${text}"`), text);
    assert.deepEqual(
      defined(decodeMessage(18, encoded)),
      { tag: "INFO", info },
    );
  }
});

Deno.test("INFO of the wrong shape is refused", () => {
  const base = { qiSnd: true, qiNtf: false, qiSize: 0 };
  const cases: unknown[] = [
    null,
    [],
    { ...base, qiSize: 0.5 },
    { ...base, qiSnd: 1 },
    { ...base, qiSub: "subThread" },
    { ...base, qiSub: { qSubThread: "other" } },
    { ...base, qiMsg: { msgId: "", msgTs: "then", msgType: "quota" } },
    { ...base, qiMsg: { msgId: "", msgTs: "2025-01-01T00:00:00Z" } },
  ];
  for (const json of cases) {
    const bytes = encoder.encode(`INFO ${JSON.stringify(json)}`);
    assert.deepEqual(decodeMessage(18, bytes), {
      error: { type: "CMD", reason: "SYNTAX" },
    });
  }
  assert.ok("tag" in decodeMessage(18, infoBytes({ ...base, qiSub: null })));
});

Deno.test("a text in an error that is too long is cut", () => {
  const message: Message = {
    tag: "ERR",
    error: {
      type: "PROXY",
      error: {
        type: "BROKER",
        error: { type: "RESPONSE", message: "x".repeat(300) },
      },
    },
  };
  const decoded = decodeMessage(18, encodeMessage(18, message));
  assert.ok("tag" in decoded && decoded.tag === "ERR");
});

Deno.test("entity IDs that a message needs or may not have", () => {
  const none = new Uint8Array(0);
  const id = new Uint8Array(24);
  const error = { type: "AUTH" } as const;
  assert.equal(checkMessageEntity(none, { tag: "ERR", error }), undefined);
  assert.equal(checkMessageEntity(id, { tag: "ERR", error }), undefined);
  assert.equal(checkMessageEntity(none, { tag: "PONG" }), undefined);
  assert.deepEqual(checkMessageEntity(id, { tag: "PONG" }), {
    type: "CMD",
    reason: "HAS_AUTH",
  });
  assert.equal(checkMessageEntity(id, { tag: "OK" }), undefined);
  assert.deepEqual(checkMessageEntity(none, { tag: "OK" }), {
    type: "CMD",
    reason: "NO_ENTITY",
  });
});

function infoBytes(json: unknown): Uint8Array {
  return encoder.encode(`INFO ${JSON.stringify(json)}`);
}

function encodings(
  vector: Vector,
): { version: number; output: Uint8Array }[] {
  return vector.objects("encodings").flatMap((encoding) => {
    const versions = encoding.get("versions");
    assert.ok(Array.isArray(versions));
    return versions.map((version: number) => ({
      version,
      output: encoding.bytes("output"),
    }));
  });
}

function newestOutput(vector: Vector): Uint8Array {
  const last = encodings(vector).at(-1);
  assert.ok(last?.version === 18);
  return last.output;
}

/** The message that the fields of a vector describe. */
function messageOf(vector: Vector): Message {
  const fields = vector.object("fields");
  const tag = vector.id.split("-")[1];
  switch (tag) {
    case "IDS":
      return { tag, ids: queueIdsOf(fields) };
    case "LNK": {
      const data = fields.object("linkData");
      return {
        tag,
        senderId: fields.bytes("senderId"),
        data: { fixed: data.bytes("fixedData"), user: data.bytes("userData") },
      };
    }
    case "SOK":
      return { tag, serviceId: optionalBytes(fields, "serviceId") };
    case "SOKS":
    case "ENDS":
      return { tag, count: fields.number("count") };
    case "MSG":
      return {
        tag,
        messageId: fields.bytes("msgId"),
        body: fields.bytes("encBody"),
      };
    case "NID":
      return {
        tag,
        notifierId: fields.bytes("notifierId"),
        relayDhKey: fields.bytes("srvNtfDhKey").slice(-32),
      };
    case "NMSG":
      return {
        tag,
        nonce: fields.bytes("nonce"),
        meta: fields.bytes("encMeta"),
      };
    case "PKEY":
      return pkeyOf(fields);
    case "RRES":
      return { tag, response: fields.bytes("encFwdResponse") };
    case "PRES":
      return { tag, response: fields.bytes("encResponse") };
    case "INFO":
      return { tag, info: queueInfoOf(vector.id) };
    case "ERR":
      // Their fields are only text: decoded here, compared in a test above.
      return decodedError(vector);
    case "END":
    case "DELD":
    case "OK":
    case "PONG":
      return { tag };
    default:
      throw new Error(`No such message in the test: ${tag}`);
  }
}

function queueIdsOf(fields: Vector): Extract<Message, { tag: "IDS" }>["ids"] {
  const mode = fields.get("queueMode");
  const notifier = fields.get("serverNtfCreds") === null
    ? undefined
    : fields.object("serverNtfCreds");
  return {
    recipientId: fields.bytes("recipientId"),
    senderId: fields.bytes("senderId"),
    relayDhKey: fields.object("srvDhKey").bytes("spki").slice(-32),
    mode: mode === "M" || mode === "C" ? mode : undefined,
    linkId: optionalBytes(fields, "linkId"),
    serviceId: optionalBytes(fields, "serviceId"),
    notifier: notifier && {
      id: notifier.bytes("notifierId"),
      relayDhKey: notifier.bytes("srvNtfDhKey").slice(-32),
    },
  };
}

function pkeyOf(fields: Vector): Message {
  const chain = fields.get("certChain");
  const range = fields.get("versionRange");
  assert.ok(Array.isArray(chain) && Array.isArray(range));
  return {
    tag: "PKEY",
    sessionId: fields.bytes("sessionId"),
    versions: { min: range[0], max: range[1] },
    key: { chain: chain.map(bytesOf), signedKey: fields.bytes("signedKey") },
  };
}

function decodedError(vector: Vector): Message {
  const message = decodeMessage(18, newestOutput(vector));
  assert.ok("tag" in message);
  return message;
}

/** The vectors have these values only as text of another language. */
function queueInfoOf(id: string): QueueInfo {
  const message = {
    id: "AAECAw==",
    time: 1743338096,
    type: "message",
  } as const;
  switch (id) {
    case "resp-INFO-empty":
      return { secured: false, notifier: false, size: 0 };
    case "resp-INFO-full":
      return {
        secured: true,
        notifier: true,
        subscription: { state: "subThread", delivered: "AAECAw==" },
        size: 3,
        message,
      };
    case "resp-INFO-quota":
      return {
        secured: true,
        notifier: false,
        subscription: { state: "subPending" },
        size: 1,
        message: { ...message, time: 1743338096.25, type: "quota" },
      };
    case "resp-INFO-prohibited":
      return {
        secured: true,
        notifier: false,
        subscription: { state: "prohibitSub" },
        size: 0,
      };
    case "resp-INFO-nosub":
      return {
        secured: true,
        notifier: false,
        subscription: { state: "noSub" },
        size: 0,
      };
    default:
      throw new Error(`No such state in the test: ${id}`);
  }
}

function optionalBytes(fields: Vector, name: string): Uint8Array | undefined {
  return fields.get(name) === null ? undefined : fields.bytes(name);
}

/** Without properties that are undefined, and with bytes as hex. */
function defined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(
    value,
    (_, v) => v instanceof Uint8Array ? v.toHex() : v,
  ));
}
