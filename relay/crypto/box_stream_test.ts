import assert from "node:assert/strict";
import { BoxStream } from "./box_stream.ts";
import { cbEncryptNoPad, TAG_SIZE } from "./box.ts";
import { randomBytes } from "./random.ts";

Deno.test("a stream makes the same box, whatever the pieces", () => {
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  for (const size of [0, 1, 31, 32, 33, 64, 1000, 65536]) {
    const message = randomBytes(size);
    const box = cbEncryptNoPad(message, input);
    for (const pieceSize of [1, 7, 32, 64, 65, 1000, 65536]) {
      if (size / pieceSize > 2000) continue;
      const content = message.slice();
      const stream = new BoxStream(input);
      for (const piece of cut(content, pieceSize)) stream.encrypt(piece);
      const tag = stream.finish();
      assert.deepEqual(content, box.subarray(TAG_SIZE), `${size}/${pieceSize}`);
      assert.deepEqual(tag, box.subarray(0, TAG_SIZE));

      const opening = new BoxStream(input);
      for (const piece of cut(content, pieceSize + 1)) opening.decrypt(piece);
      assert.ok(opening.verify(tag));
      assert.deepEqual(content, message);
    }
  }
});

Deno.test("a changed bit or tag is noticed", () => {
  const input = { secret: randomBytes(32), nonce: randomBytes(24) };
  const content = randomBytes(100);
  const sealing = new BoxStream(input);
  sealing.encrypt(content);
  const tag = sealing.finish();
  const opens = (box: Uint8Array, itsTag: Uint8Array) => {
    const stream = new BoxStream(input);
    stream.decrypt(box.slice());
    return stream.verify(itsTag);
  };
  assert.ok(opens(content, tag));
  assert.ok(!opens(flipped(content, 99), tag));
  assert.ok(!opens(content.subarray(1), tag));
  assert.ok(!opens(content, flipped(tag, 0)));
  assert.ok(!opens(content, tag.subarray(1)));
});

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}
