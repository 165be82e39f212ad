import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import {
  bytesOf,
  readVectors,
  sha256Hex,
  type Vector,
} from "../../tests/vectors.ts";
import { pad, sign, unpad } from "../crypto/mod.ts";
import { EMPTY } from "../wire/mod.ts";
import {
  decodeXftpClientHandshake,
  decodeXftpClientHello,
  decodeXftpHandshakeError,
  decodeXftpServerHandshake,
  encodeXftpClientHandshake,
  encodeXftpClientHello,
  encodeXftpHandshakeError,
  encodeXftpServerHandshake,
  webIdentityMessage,
  type XftpServerHandshake,
} from "./handshake_codec.ts";
import { XFTP_BLOCK_SIZE } from "./versions.ts";

const VECTORS = "xftp.json.gz";

Deno.test("the relay's handshake is that of the reference", () => {
  for (const vector of readVectors(VECTORS, "server-handshake")) {
    const handshake = serverHandshakeOf(vector);
    const block = encodeXftpServerHandshake(handshake);
    assertBlock(block, vector);
    assert.deepEqual(decodeXftpServerHandshake(block), handshake, vector.id);
  }
});

Deno.test("the client's handshake is that of the reference", () => {
  for (const vector of readVectors(VECTORS, "client-handshake")) {
    const handshake = {
      version: vector.number("version"),
      fingerprint: vector.bytes("keyHash"),
    };
    const block = encodeXftpClientHandshake(handshake);
    assertBlock(block, vector);
    assert.deepEqual(decodeXftpClientHandshake(block), handshake);
    assert.equal(decodeXftpClientHandshake(block.subarray(1)), undefined);
  }
});

Deno.test("a browser's hello is that of the reference", () => {
  for (const vector of readVectors(VECTORS, "client-hello")) {
    const hello = { webChallenge: optionalBytes(vector, "webChallenge") };
    const block = encodeXftpClientHello(hello);
    assertBlock(block, vector);
    assert.deepEqual(decodeXftpClientHello(block), hello);
  }
  for (const vector of readVectors(VECTORS, "client-hello-decode")) {
    const result = vector.object("result");
    assert.deepEqual(
      decodeXftpClientHello(blockOf(vector.bytes("content"))),
      result.has("error")
        ? undefined
        : { webChallenge: optionalBytes(result, "webChallenge") },
      vector.id,
    );
  }
});

Deno.test("errors of the handshake are those of the reference", () => {
  for (const vector of readVectors(VECTORS, "handshake-error")) {
    const block = blockOf(vector.bytes("output"));
    const error = decodeXftpHandshakeError(block);
    assert.ok(error);
    assert.deepEqual(encodeXftpHandshakeError(error), block);
    assert.deepEqual(decodeXftpServerHandshake(block), { error });
  }
});

Deno.test("faulty handshakes: no exception", () => {
  const random = new SeededRandom(0x5eed);
  const types = ["server-handshake", "client-handshake", "client-hello"];
  for (const type of types) {
    for (const vector of readVectors(VECTORS, type)) {
      for (let i = 0; i < 100; i++) {
        const block = blockOf(random.mutate(vector.bytes("output")));
        decodeXftpServerHandshake(block);
        decodeXftpHandshakeError(block);
        const hello = decodeXftpClientHello(block);
        if (hello !== undefined) encodeXftpClientHello(hello);
        const client = decodeXftpClientHandshake(block);
        if (client !== undefined) {
          const again = encodeXftpClientHandshake(client);
          assert.deepEqual(decodeXftpClientHandshake(again), client);
        }
      }
    }
  }
  assert.equal(decodeXftpServerHandshake(EMPTY), undefined);
  assert.equal(decodeXftpClientHello(EMPTY), undefined);
});

function serverHandshakeOf(vector: Vector): XftpServerHandshake {
  const range = vector.get("versionRange");
  const chain = vector.get("certChain");
  assert.ok(Array.isArray(range) && Array.isArray(chain));
  const sessionId = vector.bytes("sessionId");
  const webChallenge = optionalBytes(vector, "webChallenge");
  return {
    versions: { min: Number(range[0]), max: Number(range[1]) },
    sessionId,
    key: { chain: chain.map(bytesOf), signedKey: vector.bytes("signedKey") },
    webIdentityProof: webChallenge &&
      sign(webIdentityMessage(webChallenge, sessionId), {
        algorithm: "ed25519",
        raw: vector.object("leafKey").bytes("private"),
      }),
  };
}

function optionalBytes(vector: Vector, name: string): Uint8Array | undefined {
  return vector.get(name) === null ? undefined : vector.bytes(name);
}

function blockOf(content: Uint8Array): Uint8Array {
  const block = pad(content, XFTP_BLOCK_SIZE);
  assert.ok(block);
  return block;
}

function assertBlock(block: Uint8Array, vector: Vector): void {
  assert.equal(block.length, XFTP_BLOCK_SIZE);
  assert.equal(
    unpad(block)?.toHex(),
    vector.bytes("output").toHex(),
    vector.id,
  );
  assert.equal(sha256Hex(block), vector.object("block").text("sha256"));
}
