import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { assertDigest, readVectors } from "../../tests/vectors.ts";
import { canPad, pad, padInPlace, unpad } from "./padding.ts";

Deno.test("pad agrees with the reference", () => {
  for (const vector of readVectors("crypto", "pad")) {
    const length = vector.number("messageLength");
    const size = vector.number("paddedLength");
    const content = new Uint8Array(length).fill(0x6d);
    assert.equal(canPad(length, size), vector.boolean("canPad"), vector.id);
    const block = pad(content, size);
    if (vector.object("output").has("error")) {
      assert.equal(block, undefined, vector.id);
      assert.throws(
        () => padInPlace(new Uint8Array(size), length),
        RangeError,
      );
    } else {
      assert.ok(block, vector.id);
      assertDigest(block, vector.object("output"));
      assert.deepEqual(unpad(block), content);
    }
  }
});

Deno.test("unpad agrees with the reference", () => {
  for (const vector of readVectors("crypto", "unpad")) {
    assert.deepEqual(
      unpad(vector.bytes("input")),
      vector.bytesOrError("output"),
      vector.id,
    );
  }
});

Deno.test("unpad of anything is a view or undefined", () => {
  const random = new SeededRandom(3);
  let views = 0;
  for (let round = 0; round < 5000; round++) {
    const block = random.bytes(random.below(40));
    if (round % 2 === 0 && block.length > 1) block.fill(0, 0, 1);
    const content = unpad(block);
    if (content === undefined) continue;
    views++;
    assert.equal(content.buffer, block.buffer);
    assert.ok(content.length + 2 <= block.length);
  }
  assert.ok(views > 100);
});
