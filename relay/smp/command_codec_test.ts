import assert from "node:assert/strict";
import { authKeyFromRaw, decodeAuthKey } from "../crypto/mod.ts";
import { bytesOf, readVectors, type Vector } from "../../tests/vectors.ts";
import { parseServerAddress } from "./address.ts";
import {
  checkCredentials,
  decodeCommand,
  encodeCommand,
} from "./command_codec.ts";
import type {
  Command,
  LinkData,
  NotifierRequest,
  QueueRequest,
} from "./commands.ts";
import { encodeSmpError } from "./error_codec.ts";
import { isBasicAuth } from "./new_queue_codec.ts";
import { supportedVersions } from "./versions.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("commands are encoded as the reference does, in all versions", () => {
  for (const vector of readVectors("smp_commands.json.gz", "command")) {
    const command = commandOf(vector);
    for (const { version, output } of encodings(vector)) {
      const encoded = encodeCommand(version, command);
      assert.equal(encoded.toHex(), output.toHex(), `${vector.id} v${version}`);
    }
  }
});

Deno.test("commands of the reference are decoded, in all versions", () => {
  for (const vector of readVectors("smp_commands.json.gz", "command")) {
    for (const { version, output } of encodings(vector)) {
      const command = decodeCommand(version, output);
      assert.ok("tag" in command, `${vector.id} v${version}`);
      assert.deepEqual(encodeCommand(version, command), output);
    }
    const output = encodings(vector).find(({ version }) =>
      version === supportedVersions.max
    )?.output;
    assert.ok(output !== undefined);
    assert.deepEqual(
      defined(decodeCommand(supportedVersions.max, output)),
      defined(commandOf(vector)),
      vector.id,
    );
  }
});

Deno.test("what is no command is told from a command with bad parameters", () => {
  const cases: readonly [string, string][] = [
    ["", "CMD UNKNOWN"],
    ["NSUBSX", "CMD UNKNOWN"],
    ["SUBSUBSUB", "CMD UNKNOWN"],
    ["constructor", "CMD UNKNOWN"],
    ["SUB ", "CMD SYNTAX"],
    ["SUB\t", "CMD UNKNOWN"],
    ["ACK", "CMD SYNTAX"],
    ["ACK\x20\x02a", "CMD SYNTAX"],
    ["SEND T", "CMD SYNTAX"],
    ["SEND Tx y", "ok"],
  ];
  for (const [text, expected] of cases) {
    const command = decodeCommand(18, encoder.encode(text));
    const outcome = "error" in command
      ? decoder.decode(encodeSmpError(command.error))
      : "ok";
    assert.equal(outcome, expected, JSON.stringify(text));
  }
});

Deno.test("the body of SEND is a view, not a copy", () => {
  const bytes = encoder.encode("SEND T hello");
  const command = decodeCommand(18, bytes);
  assert.ok("tag" in command && command.tag === "SEND");
  assert.equal(command.body.buffer, bytes.buffer);
  assert.equal(decoder.decode(command.body), "hello");
});

Deno.test("credentials that a command needs or may not have", () => {
  const key = authKeyFromRaw("ed25519", new Uint8Array(32));
  const id = new Uint8Array(24);
  const none = new Uint8Array(0);
  const request = {
    recipientKey: key,
    recipientDhKey: new Uint8Array(32),
    subscribe: true,
  };
  const send: Command = { tag: "SEND", notification: false, body: none };
  // Without anything, with an entity ID, with authorization, with both.
  const cases: readonly [Command, readonly string[]][] = [
    [{ tag: "NEW", request }, ["NO_AUTH", "NO_AUTH", "ok", "HAS_AUTH"]],
    [send, ["NO_ENTITY", "ok", "NO_ENTITY", "ok"]],
    [{ tag: "SUB" }, ["NO_AUTH", "NO_AUTH", "NO_AUTH", "ok"]],
    [{ tag: "KEY", key }, ["NO_AUTH", "NO_AUTH", "NO_AUTH", "ok"]],
    [{ tag: "NSUBS" }, ["NO_AUTH", "NO_AUTH", "NO_AUTH", "ok"]],
    [{ tag: "LGET" }, ["NO_ENTITY", "ok", "NO_ENTITY", "HAS_AUTH"]],
    [{ tag: "PING" }, ["ok", "HAS_AUTH", "HAS_AUTH", "HAS_AUTH"]],
    [
      { tag: "RFWD", transmission: none },
      ["ok", "HAS_AUTH", "HAS_AUTH", "HAS_AUTH"],
    ],
  ];
  for (const [command, expected] of cases) {
    const outcomes = [
      checkCredentials(false, none, command),
      checkCredentials(false, id, command),
      checkCredentials(true, none, command),
      checkCredentials(true, id, command),
    ].map((error) => error?.type === "CMD" ? error.reason : "ok");
    assert.deepEqual(outcomes, expected, command.tag);
  }
});

Deno.test("characters of a password", () => {
  assert.ok(isBasicAuth(encoder.encode("p!#$%^&*()+=")));
  assert.ok(isBasicAuth(new Uint8Array([0xa1, 0xff])));
  for (const byte of [0x00, 0x20, 0x2f, 0x3a, 0x40, 0x7f, 0xa0, 0xad]) {
    assert.ok(!isBasicAuth(new Uint8Array([0x61, byte])), `${byte}`);
  }
});

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

/** The command that the fields of a vector describe. */
function commandOf(vector: Vector): Command {
  const fields = vector.object("fields");
  const tag = vector.id.split("-")[1];
  switch (tag) {
    case "NEW":
      return {
        tag,
        request: {
          recipientKey: authKey(fields.object("rcvAuthKey").bytes("spki")),
          recipientDhKey: dhKey(fields.object("rcvDhKey").bytes("spki")),
          basicAuth: optional(fields, "basicAuth", passwordOf),
          subscribe: fields.text("subMode") === "S",
          queue: optional(fields, "queueReqData", queueRequestOf),
          notifier: optional(fields, "ntfCreds", (credentials) => ({
            authKey: authKey(credentials.bytes("notifierKeySpki")),
            dhKey: dhKey(credentials.bytes("rcvNtfDhKeySpki")),
          })),
        },
      };
    case "KEY":
    case "SKEY":
    case "LKEY":
      return { tag, key: authKey(fields.bytes("sndKey")) };
    case "RKEY": {
      const keys = fields.get("keys");
      assert.ok(Array.isArray(keys));
      return { tag, keys: keys.map((key) => authKey(bytesOf(key))) };
    }
    case "LSET":
      return {
        tag,
        linkId: fields.bytes("linkId"),
        data: linkDataOf(fields.object("linkData")),
      };
    case "NKEY":
      return { tag, request: notifierRequestOf(fields) };
    case "ACK":
      return { tag, messageId: fields.bytes("msgId") };
    case "SEND":
      return {
        tag,
        notification: fields.boolean("notification"),
        body: vector.id === "cmd-SEND-16048"
          ? new Uint8Array(16048).fill(0x78)
          : fields.bytes("body"),
      };
    case "PRXY": {
      const { hosts, port, fingerprint } = parseServerAddress(
        fields.text("server"),
      );
      return {
        tag,
        relay: { hosts, port, fingerprint },
        basicAuth: optional(fields, "basicAuth", passwordOf),
      };
    }
    case "PFWD":
      return {
        tag,
        version: fields.number("fwdVersion"),
        key: dhKey(fields.bytes("key")),
        transmission: fields.bytes("encTransmission"),
      };
    case "RFWD":
      return { tag, transmission: fields.bytes("encFwdTransmission") };
    case "SUB":
    case "SUBS":
    case "LDEL":
    case "NDEL":
    case "GET":
    case "OFF":
    case "DEL":
    case "QUE":
    case "PING":
    case "LGET":
    case "NSUB":
    case "NSUBS":
      return { tag };
    default:
      throw new Error(`No such command in the test: ${tag}`);
  }
}

function queueRequestOf(fields: Vector): QueueRequest {
  const data = fields.get("data") === null ? undefined : fields.object("data");
  if (fields.text("mode") === "M") {
    return {
      mode: "M",
      link: data && {
        senderId: data.bytes("senderId"),
        data: linkDataOf(data.object("linkData")),
      },
    };
  }
  return {
    mode: "C",
    link: data && {
      linkId: data.bytes("linkId"),
      senderId: data.bytes("senderId"),
      data: linkDataOf(data.object("linkData")),
    },
  };
}

function notifierRequestOf(fields: Vector): NotifierRequest {
  return {
    authKey: authKey(fields.bytes("notifierKey")),
    dhKey: dhKey(fields.bytes("rcvNtfDhKey")),
  };
}

function linkDataOf(fields: Vector): LinkData {
  return { fixed: fields.bytes("fixedData"), user: fields.bytes("userData") };
}

function optional<T>(
  fields: Vector,
  name: string,
  read: (value: Vector) => T,
): T | undefined {
  const value = fields.get(name);
  if (value === null) return undefined;
  return read(
    typeof value === "string" ? fields : fields.object(name),
  );
}

function passwordOf(fields: Vector): Uint8Array {
  return encoder.encode(fields.text("basicAuth"));
}

function authKey(spki: Uint8Array) {
  const key = decodeAuthKey(spki);
  assert.ok(key !== undefined);
  return key;
}

function dhKey(spki: Uint8Array): Uint8Array {
  return spki.slice(-32);
}

/** Without properties that are undefined, and with bytes as hex. */
function defined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(
    value,
    (_, v) => v instanceof Uint8Array ? v.toHex() : v,
  ));
}
