import assert from "node:assert/strict";
import { pad } from "../crypto/mod.ts";
import { concatBytes } from "../wire/mod.ts";
import { readVectors, sha256Hex, type Vector } from "../../tests/vectors.ts";
import { packTransmissions } from "./batch.ts";
import { decodeCommand, encodeCommand } from "./command_codec.ts";
import { encodeSmpError } from "./error_codec.ts";
import { decodeMessage, encodeMessage } from "./message_codec.ts";
import {
  type Authorization,
  authorizeTransmission,
  decodeMessageTransmissions,
  decodeTransmissions,
  encodeCommandTransmission,
  encodeMessageTransmission,
  signedBytes,
  transmissionParams,
} from "./transmission.ts";
import { BLOCK_SIZE } from "./versions.ts";

const decoder = new TextDecoder();

Deno.test("blocks of clients are taken apart as by the reference", () => {
  for (const vector of readVectors("smp_commands.json.gz", "decode-server")) {
    const params = paramsOf(vector);
    const decoded = decodeTransmissions(params, vector.bytes("block"));
    const outcome = decoded.map((transmission) => {
      const ids = {
        corrId: transmission.correlationId.toHex(),
        entityId: transmission.entityId.toHex(),
      };
      if ("error" in transmission) {
        const error = decoder.decode(encodeSmpError(transmission.error));
        return { ...ids, ok: false, error };
      }
      const { authorization, command } = transmission;
      return {
        ...ids,
        ok: true,
        auth: authorizationName(authorization),
        authorized: signedBytes(transmission).toHex(),
        command: encodeCommand(params.version, command).toHex(),
      };
    });
    const expected = vector.objects("results").map((result) => {
      const ids = {
        corrId: result.text("corrId"),
        entityId: result.text("entityId"),
      };
      return result.boolean("ok")
        ? {
          ...ids,
          ok: true,
          auth: result.text("auth"),
          authorized: result.bytes("authorized").toHex(),
          // The reference, too, skips unknown flags and writes them no more.
          command: result.bytes("command").toHex(),
        }
        : { ...ids, ok: false, error: result.text("error") };
    });
    assert.deepEqual(outcome, expected, vector.id);
  }
});

Deno.test("blocks of relays are taken apart as by the reference", () => {
  for (const vector of readVectors("smp_commands.json.gz", "decode-client")) {
    const params = paramsOf(vector);
    const decoded = decodeMessageTransmissions(params, vector.bytes("block"));
    const outcome = decoded.map((transmission) => ({
      corrId: transmission.correlationId.toHex(),
      entityId: transmission.entityId.toHex(),
      result: "error" in transmission
        ? decoder.decode(encodeSmpError(transmission.error))
        : encodeMessage(params.version, transmission.message).toHex(),
    }));
    const expected = vector.objects("results").map((result) => ({
      corrId: result.text("corrId"),
      entityId: result.text("entityId"),
      result: result.text(result.boolean("ok") ? "message" : "error"),
    }));
    assert.deepEqual(outcome, expected, vector.id);
  }
});

Deno.test("commands are signed and sent as by the reference", () => {
  for (
    const vector of readVectors("smp_transmissions.json.gz", "transmission")
  ) {
    const params = paramsOf(vector);
    const command = decodeCommand(params.version, vector.bytes("command"));
    assert.ok("tag" in command);
    const transmission = encodeCommandTransmission(params, {
      correlationId: vector.bytes("corrId"),
      entityId: vector.bytes("entityId"),
      command,
    });
    assert.deepEqual(signedBytes(transmission), vector.bytes("tForAuth"));
    assert.deepEqual(transmission.rest, vector.bytes("tToSend"));
    const authorized = authorizeTransmission(
      params,
      transmission,
      authorizationOf(vector),
    );
    assert.deepEqual(authorized, vector.bytes("tEncode"), vector.id);
    assertSingleBlock(vector, authorized);

    const [received] = decodeTransmissions(
      params,
      vector.bytes("tEncodeBatch1"),
    );
    assert.ok("command" in received, vector.id);
    assert.deepEqual(signedBytes(received), vector.bytes("tForAuth"));
  }
});

Deno.test("responses are sent as by the reference", () => {
  const vectors = readVectors(
    "smp_transmissions.json.gz",
    "response-transmission",
  );
  for (const vector of vectors) {
    const params = paramsOf(vector);
    const message = decodeMessage(params.version, vector.bytes("message"));
    assert.ok("tag" in message);
    const transmission = encodeMessageTransmission(params, {
      correlationId: vector.bytes("corrId"),
      entityId: vector.bytes("entityId"),
      message,
    });
    assertSingleBlock(vector, transmission);
  }
});

Deno.test("transmissions are packed into blocks as by the reference", () => {
  for (const vector of readVectors("smp_transmissions.json.gz", "batch")) {
    const version = vector.boolean("serviceAuth") ? 18 : 9;
    const params = transmissionParams(version, new Uint8Array(32));
    const transmissions = rawTransmissions(vector).map((rest) =>
      authorizeTransmission(params, { rest })
    );
    const batches = packTransmissions(transmissions);
    let next = 0;
    for (const { first, count } of batches) {
      assert.equal(first, next, vector.id);
      next += count;
    }
    assert.equal(next, transmissions.length);
    assert.deepEqual(
      batches.map((batch) =>
        batch.error === undefined
          ? {
            kind: "transmissions",
            count: batch.count,
            contentLength: batch.content.length,
            sha256: sha256Hex(batch.content),
          }
          : { kind: "error", error: batch.error }
      ),
      vector.get("batches"),
      vector.id,
    );
  }
});

Deno.test("nothing packs into nothing", () => {
  assert.deepEqual(packTransmissions([]), []);
});

Deno.test("service signatures have the size of Ed25519", () => {
  const params = transmissionParams(16, new Uint8Array(32));
  const transmission = encodeCommandTransmission(params, {
    correlationId: new Uint8Array(24),
    entityId: new Uint8Array(24),
    command: { tag: "SUB" },
  });
  for (const [size, accepted] of [[63, false], [64, true], [65, false]]) {
    const authorized = authorizeTransmission(params, transmission, {
      bytes: new Uint8Array(80),
      serviceSignature: new Uint8Array(Number(size)),
    });
    const [batch] = packTransmissions([authorized]);
    assert.ok(batch.error === undefined);
    const [received] = decodeTransmissions(params, batch.content);
    assert.equal("command" in received, accepted);
  }
});

function paramsOf(vector: Vector) {
  return transmissionParams(
    vector.number("version"),
    vector.bytes("sessionId"),
  );
}

function authorizationName(authorization: Authorization | undefined): string {
  if (authorization === undefined) return "none";
  const name = authorization.kind === "signature"
    ? authorization.algorithm
    : "authenticator";
  return authorization.serviceSignature === undefined
    ? name
    : `${name}+service`;
}

function authorizationOf(
  vector: Vector,
): Pick<Authorization, "bytes" | "serviceSignature"> | undefined {
  const bytes = vector.bytes("auth");
  if (bytes.length === 0) return undefined;
  const serviceSignature = vector.get("serviceSignature") === null
    ? undefined
    : vector.bytes("serviceSignature");
  return { bytes, serviceSignature };
}

/** That the transmission alone makes the recorded content and block. */
function assertSingleBlock(vector: Vector, transmission: Uint8Array): void {
  const [batch] = packTransmissions([transmission]);
  assert.ok(batch.error === undefined);
  assert.deepEqual(batch.content, vector.bytes("tEncodeBatch1"), vector.id);
  const block = pad(batch.content, BLOCK_SIZE);
  assert.ok(block !== undefined);
  const expected = vector.object("block");
  assert.equal(batch.content.length, expected.number("contentLength"));
  assert.equal(sha256Hex(block), expected.text("sha256"), vector.id);
}

/** Byte i of transmission k is k + i; lengths are run-length encoded. */
function rawTransmissions(vector: Vector): Uint8Array[] {
  const runs = vector.get("lengths");
  assert.ok(Array.isArray(runs));
  const lengths = runs.flatMap(([count, length]: [number, number]) =>
    new Array<number>(count).fill(length)
  );
  return lengths.map((length, k) =>
    Uint8Array.from({ length }, (_, i) => (k + i) % 256)
  );
}

Deno.test("signed bytes of both parts follow each other", () => {
  const signedPrefix = new Uint8Array([1, 2]);
  const signedRest = new Uint8Array([3]);
  assert.deepEqual(
    signedBytes({ signedPrefix, signedRest }),
    concatBytes(signedPrefix, signedRest),
  );
});
