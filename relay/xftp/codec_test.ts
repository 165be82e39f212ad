import assert from "node:assert/strict";
import {
  bytesOf,
  readVectors,
  sha256Hex,
  type Vector,
} from "../../tests/vectors.ts";
import {
  type AuthAlgorithm,
  type AuthKey,
  authKeyFromRaw,
  cbNonce,
  cbVerify,
  pad,
  type PrivateAuthKey,
  verifySignature,
} from "../crypto/mod.ts";
import { decode, EMPTY, Writer } from "../wire/mod.ts";
import {
  decodeXftpCommandBlock,
  decodeXftpResponseBlock,
  encodeXftpCommandBlock,
  encodeXftpResponseBlock,
  type XftpCommandTransmission,
  xftpParams,
} from "./codec.ts";
import { decodeXftpCommand, encodeXftpCommand } from "./command_codec.ts";
import { readXftpError, writeXftpError } from "./error_codec.ts";
import type { XftpCommand, XftpError, XftpResponse } from "./messages.ts";
import { decodeXftpResponse, encodeXftpResponse } from "./response_codec.ts";
import { XFTP_BLOCK_SIZE } from "./versions.ts";

const VECTORS = "xftp.json.gz";
const encoder = new TextEncoder();

Deno.test("commands are encoded and decoded as the reference does", () => {
  for (const vector of readVectors(VECTORS, "command")) {
    const command = commandOf(vector);
    for (const { output } of encodings(vector)) {
      assert.equal(encodeXftpCommand(command).toHex(), output.toHex());
      assert.deepEqual(decodeXftpCommand(output), command, vector.id);
    }
  }
});

Deno.test("responses are encoded and decoded as the reference does", () => {
  for (const vector of readVectors(VECTORS, "response")) {
    const response = responseOf(vector);
    for (const { versions, output } of encodings(vector)) {
      for (const version of versions) {
        assert.equal(
          encodeXftpResponse(version, response).toHex(),
          output.toHex(),
          `${vector.id} v${version}`,
        );
      }
      const decoded = decodeXftpResponse(output);
      if (versions.includes(3)) assert.deepEqual(decoded, response, vector.id);
      else assert.deepEqual(decoded, { tag: "ERR", error: { type: "AUTH" } });
    }
  }
});

Deno.test("blocks of commands are those of the reference and verify", () => {
  for (const vector of readVectors(VECTORS, "transmission")) {
    const params = xftpParams(
      vector.number("version"),
      vector.bytes("sessionId"),
    );
    const command = decodeXftpCommand(vector.bytes("command"));
    assert.ok("tag" in command);
    const authKey = vector.has("authKey") && vector.get("authKey") !== null
      ? vector.object("authKey")
      : undefined;
    const relayKey = vector.object("serverSessionKey");
    const ids = {
      correlationId: vector.bytes("corrId"),
      entityId: vector.bytes("entityId"),
    };
    const block = encodeXftpCommandBlock(params, { ...ids, command }, {
      privateKey: authKey && privateKeyOf(authKey),
      relayKey: relayKey.bytes("public"),
    });
    assertBlock(block, vector);
    const decoded = decodeXftpCommandBlock(params, block);
    assert.ok("command" in decoded, vector.id);
    assert.deepEqual(decoded.command, command);
    assert.deepEqual(decoded.correlationId, ids.correlationId);
    assert.deepEqual(decoded.entityId, ids.entityId);
    if (authKey === undefined) {
      assert.equal(decoded.authorization, undefined);
    } else {
      assert.ok(verifies(decoded, authKey, relayKey), vector.id);
    }
  }
});

Deno.test("blocks of responses are those of the reference", () => {
  for (const vector of readVectors(VECTORS, "response-transmission")) {
    const params = xftpParams(
      vector.number("version"),
      vector.bytes("sessionId"),
    );
    const response = decodeXftpResponse(vector.bytes("message"));
    assert.ok("tag" in response);
    const transmission = {
      correlationId: vector.bytes("corrId"),
      entityId: vector.bytes("entityId"),
      response,
    };
    const block = encodeXftpResponseBlock(params, transmission);
    assertBlock(block, vector);
    assert.deepEqual(decodeXftpResponseBlock(params, block), transmission);
  }
});

Deno.test("blocks are taken and refused as the reference does", () => {
  for (const vector of readVectors(VECTORS, "decode-server")) {
    const params = xftpParams(
      vector.number("version"),
      vector.bytes("sessionId"),
    );
    const decoded = decodeXftpCommandBlock(params, blockOf(vector));
    const result = vector.object("result");
    assert.equal("command" in decoded, result.boolean("ok"), vector.id);
    assert.equal(decoded.correlationId.toHex(), result.text("corrId"));
    assert.equal(decoded.entityId.toHex(), result.text("entityId"), vector.id);
    if ("error" in decoded) {
      assert.equal(errorText(decoded.error), result.text("error"), vector.id);
    } else {
      assert.deepEqual(
        encodeXftpCommand(decoded.command),
        result.bytes("command"),
      );
    }
  }
});

Deno.test("blocks of another size are refused", () => {
  const params = xftpParams(3, new Uint8Array(32));
  const block = encodeXftpCommandBlock(params, ping());
  assert.ok("command" in decodeXftpCommandBlock(params, block));
  const wrong = [
    EMPTY,
    block.subarray(1),
    block.subarray(0, -1),
    Uint8Array.from([...block, 0x23]),
  ];
  for (const bytes of wrong) {
    const refusal = { correlationId: EMPTY, entityId: EMPTY };
    const error = { type: "BLOCK" };
    assert.deepEqual(decodeXftpCommandBlock(params, bytes), {
      ...refusal,
      error,
    });
    assert.deepEqual(decodeXftpResponseBlock(params, bytes), {
      ...refusal,
      error,
    });
  }
});

Deno.test("responses with a missing or needless entity ID are refused", () => {
  const params = xftpParams(3, new Uint8Array(32));
  const cases: readonly [XftpResponse, number, string | undefined][] = [
    [{ tag: "OK" }, 0, "CMD NO_ENTITY"],
    [{ tag: "OK" }, 16, undefined],
    [{ tag: "PONG" }, 16, "CMD HAS_AUTH"],
    [{ tag: "PONG" }, 0, undefined],
    [{ tag: "ERR", error: { type: "AUTH" } }, 0, undefined],
    [{ tag: "ERR", error: { type: "AUTH" } }, 16, undefined],
    [
      { tag: "SIDS", senderId: EMPTY, recipientIds: [EMPTY] },
      16,
      "CMD HAS_AUTH",
    ],
  ];
  for (const [response, idSize, error] of cases) {
    const entityId = new Uint8Array(idSize);
    const transmission = { correlationId: EMPTY, entityId, response };
    const decoded = decodeXftpResponseBlock(
      params,
      encodeXftpResponseBlock(params, transmission),
    );
    assert.equal(
      "error" in decoded ? errorText(decoded.error) : undefined,
      error,
    );
  }
});

Deno.test("as many recipients as the reference adds at once fit a block", () => {
  const params = xftpParams(3, new Uint8Array(32));
  const key = authKeyFromRaw("ed448", new Uint8Array(57));
  const fadd = (count: number) => ({
    correlationId: EMPTY,
    entityId: new Uint8Array(16),
    command: { tag: "FADD", recipientKeys: Array(count).fill(key) } as const,
  });
  const privateKey: PrivateAuthKey = {
    algorithm: "ed448",
    raw: new Uint8Array(57).fill(1),
  };
  const block = encodeXftpCommandBlock(params, fadd(200), { privateKey });
  const decoded = decodeXftpCommandBlock(params, block);
  assert.ok("command" in decoded && decoded.command.tag === "FADD");
  assert.equal(decoded.command.recipientKeys.length, 200);
  assert.throws(() => encodeXftpCommandBlock(params, fadd(250)), RangeError);
});

Deno.test("an X25519 key without the relay's key is an error", () => {
  const params = xftpParams(3, new Uint8Array(32));
  const privateKey: PrivateAuthKey = {
    algorithm: "x25519",
    raw: new Uint8Array(32).fill(1),
  };
  assert.throws(
    () => encodeXftpCommandBlock(params, ping(), { privateKey }),
    RangeError,
  );
});

function ping() {
  const command: XftpCommand = { tag: "PING" };
  return { correlationId: EMPTY, entityId: EMPTY, command };
}

function verifies(
  transmission: XftpCommandTransmission,
  key: Vector,
  relayKey: Vector,
): boolean {
  const { authorization, signed, correlationId } = transmission;
  assert.ok(authorization);
  if (authorization.kind === "signature") {
    return verifySignature(publicKeyOf(key), {
      message: signed,
      signature: authorization.bytes,
    });
  }
  return cbVerify({
    publicKey: key.bytes("public"),
    privateKey: relayKey.bytes("private"),
  }, {
    nonce: cbNonce(correlationId),
    message: signed,
    authenticator: authorization.bytes,
  });
}

function commandOf(vector: Vector): XftpCommand {
  const fields = vector.object("fields");
  const tag = vector.id.split("-")[2];
  const keys = () => fields.objects("rcvKeys").map(publicKeyOf);
  switch (tag) {
    case "FNEW": {
      const password = fields.get("basicAuth");
      return {
        tag,
        file: {
          senderKey: publicKeyOf(fields.object("sndKey")),
          size: fields.number("size"),
          digest: fields.bytes("digest"),
        },
        recipientKeys: keys(),
        basicAuth: typeof password === "string"
          ? encoder.encode(password)
          : undefined,
      };
    }
    case "FADD":
      return { tag, recipientKeys: keys() };
    case "FGET":
      return { tag, dhKey: fields.object("rcvDhKey").bytes("public") };
    case "FPUT":
    case "FDEL":
    case "FACK":
    case "PING":
      return { tag };
    default:
      throw new Error(`Unknown command in ${vector.id}`);
  }
}

function responseOf(vector: Vector): XftpResponse {
  const fields = vector.object("fields");
  const tag = vector.id.split("-")[2];
  const recipientIds = () => {
    const ids = fields.get("recipientIds");
    assert.ok(Array.isArray(ids));
    return ids.map(bytesOf);
  };
  switch (tag) {
    case "SIDS":
      return {
        tag,
        senderId: fields.bytes("senderId"),
        recipientIds: recipientIds(),
      };
    case "RIDS":
      return { tag, recipientIds: recipientIds() };
    case "FILE":
      return {
        tag,
        relayDhKey: fields.object("srvDhKey").bytes("public"),
        nonce: fields.bytes("nonce"),
      };
    case "OK":
    case "PONG":
      return { tag };
    case "ERR": {
      const text = fields.text("error");
      const notice = /notice=(.*)$/.exec(text)?.[1];
      const blocked = /^BLOCKED reason=(spam|content)/.exec(text)?.[1];
      if (blocked === "spam" || blocked === "content") {
        const info = notice === undefined
          ? { reason: blocked } as const
          : { reason: blocked, notice } as const;
        return { tag, error: { type: "BLOCKED", info } };
      }
      const error = decode(encoder.encode(text), readXftpError);
      assert.ok(error, text);
      assert.equal(errorText(error), text);
      return { tag, error };
    }
    default:
      throw new Error(`Unknown response in ${vector.id}`);
  }
}

function errorText(error: XftpError): string {
  const writer = new Writer();
  writeXftpError(writer, error);
  return new TextDecoder().decode(writer.finish());
}

function encodings(
  vector: Vector,
): { versions: number[]; output: Uint8Array }[] {
  return vector.objects("encodings").map((encoding) => {
    const versions = encoding.get("versions");
    assert.ok(Array.isArray(versions));
    return {
      versions: versions.map(Number),
      output: encoding.bytes("output"),
    };
  });
}

function algorithmOf(key: Vector): AuthAlgorithm {
  const name = key.text("alg");
  assert.ok(name === "ed25519" || name === "ed448" || name === "x25519");
  return name;
}

function publicKeyOf(key: Vector): AuthKey {
  return authKeyFromRaw(algorithmOf(key), key.bytes("public"));
}

function privateKeyOf(key: Vector): PrivateAuthKey {
  return { algorithm: algorithmOf(key), raw: key.bytes("private") };
}

function blockOf(vector: Vector): Uint8Array {
  const block = pad(vector.bytes("content"), XFTP_BLOCK_SIZE);
  assert.ok(block);
  return block;
}

function assertBlock(block: Uint8Array, vector: Vector): void {
  assert.equal(block.length, XFTP_BLOCK_SIZE);
  const expected = blockOf(vector);
  const end = 2 + vector.bytes("content").length;
  assert.equal(
    block.subarray(0, end).toHex(),
    expected.subarray(0, end).toHex(),
    vector.id,
  );
  assert.equal(sha256Hex(block), vector.object("block").text("sha256"));
}
