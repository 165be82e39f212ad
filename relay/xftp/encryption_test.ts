import assert from "node:assert/strict";
import { readVectors, sha256Hex } from "../../tests/vectors.ts";
import { dh, randomBytes } from "../crypto/mod.ts";
import { concatBytes, EMPTY } from "../wire/mod.ts";
import { ContentError, decryptContent, encryptContent } from "./encryption.ts";

Deno.test("chunks are encrypted as the reference does", async () => {
  for (const vector of readVectors("xftp.json.gz", "chunk")) {
    const secret = dh(
      vector.object("rcvDhKey").bytes("public"),
      vector.object("srvDhKey").bytes("private"),
    );
    assert.ok(secret);
    assert.deepEqual(secret, vector.bytes("secret"));
    const content = countingBytes(vector.number("size"));
    assert.equal(sha256Hex(content), vector.text("plainSha256"));
    const input = { secret, nonce: vector.bytes("nonce") };
    const box = await joined(
      encryptContent(pieces(content.slice(), 16384), input),
    );
    assert.equal(box.length, vector.number("outputLength"));
    assert.equal(sha256Hex(box), vector.text("outputSha256"));
    assert.equal(box.subarray(-16).toHex(), vector.text("tag"));
    const size = content.length;
    const opened = decryptContent(pieces(box, 10007), { ...input, size });
    assert.deepEqual(await joined(opened), content);
  }
});

Deno.test("pieces are encrypted and decrypted where they stand", async () => {
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  const piece = randomBytes(1000);
  const plain = piece.slice();
  const encrypted = encryptContent([piece], input);
  const first = await encrypted.next();
  assert.equal(first.value, piece);
  const tag = (await encrypted.next()).value;
  assert.ok(tag);
  const decrypted = decryptContent([piece, tag], { ...input, size: 1000 });
  assert.equal((await decrypted.next()).value, piece);
  assert.deepEqual(piece, plain);
  assert.ok((await decrypted.next()).done);
});

Deno.test("the tag may be cut anywhere", async () => {
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  const content = randomBytes(50);
  const box = await joined(encryptContent([content.slice()], input));
  for (let pieceSize = 1; pieceSize <= box.length; pieceSize++) {
    const opened = decryptContent(pieces(box.slice(), pieceSize), {
      ...input,
      size: 50,
    });
    assert.deepEqual(await joined(opened), content);
  }
});

Deno.test("wrong sizes and changed content are told apart", async () => {
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  const box = await joined(encryptContent([randomBytes(50)], input));
  const outcome = async (bytes: Uint8Array, size: number) => {
    try {
      await joined(
        decryptContent(pieces(bytes.slice(), 9), { ...input, size }),
      );
      return "ok";
    } catch (error) {
      assert.ok(error instanceof ContentError);
      return error.code;
    }
  };
  const changed = box.slice();
  changed[0] ^= 1;
  assert.equal(await outcome(box, 50), "ok");
  assert.equal(await outcome(changed, 50), "CRYPTO");
  assert.equal(await outcome(box.subarray(0, -1), 50), "SIZE");
  assert.equal(await outcome(box.subarray(0, 30), 50), "SIZE");
  assert.equal(await outcome(EMPTY, 50), "SIZE");
  assert.equal(await outcome(concatBytes(box, new Uint8Array(1)), 50), "SIZE");
  assert.equal(await outcome(box, 49), "SIZE");
  assert.equal(await outcome(box, 51), "SIZE");
});

Deno.test("a source is closed when its content is not wanted any more", async () => {
  let closed = 0;
  async function* source() {
    try {
      for (;;) yield await Promise.resolve(new Uint8Array(10));
    } finally {
      closed++;
    }
  }
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  for await (const _ of encryptContent(source(), input)) break;
  const size = 100;
  for await (const _ of decryptContent(source(), { ...input, size })) break;
  await assert.rejects(
    joined(decryptContent(source(), { ...input, size })),
    ContentError,
  );
  assert.equal(closed, 3);
});

/** Byte i is i modulo 251, as in the vectors. */
function countingBytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251);
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

async function joined(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part.slice());
  return concatBytes(...all);
}
