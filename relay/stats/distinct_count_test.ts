import assert from "node:assert/strict";
import { DistinctCount, hashId, type Salt } from "./distinct_count.ts";

const SALT: Salt = [0x12345678, 0x9abcdef0];

/** The n-th of many IDs of 24 bytes, always the same. */
function idOf(n: number): Uint8Array {
  const id = new Uint8Array(24);
  new DataView(id.buffer).setUint32(20, n);
  return id;
}

function counted(from: number, to: number, into = new DistinctCount()) {
  for (let n = from; n < to; n++) into.add(...hashId(idOf(n), SALT));
  return into;
}

Deno.test("MurmurHash3 gives the values of its author", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  // smhasher's MurmurHash3_x86_32, as listed for many implementations; whole
  // words only, as IDs are, so that there is no rest to mix in.
  for (
    const [input, seed, hash] of [
      ["", 0, 0],
      ["", 1, 0x514e28b7],
      ["", 0xffffffff, 0x81f16f39],
      ["test", 0, 0xba6bd213],
      ["test", 0x9747b28c, 0x704b81dc],
    ] as const
  ) {
    assert.equal(hashId(text(input), [seed, 0])[0], hash, input);
  }
});

Deno.test("small counts are exact or nearly so, large ones within 3 %", () => {
  assert.equal(counted(0, 0).estimate, 0);
  for (const count of [1, 2, 10, 50]) {
    assert.equal(counted(0, count).estimate, count);
  }
  for (const count of [500, 5_000, 50_000, 300_000]) {
    const { estimate } = counted(0, count);
    const error = Math.abs(estimate - count) / count;
    assert(error < 0.03, `${count} counted as ${estimate}`);
  }
});

Deno.test("an ID counts once however often it is added", () => {
  const count = counted(0, 1000);
  const { estimate } = count;
  counted(0, 1000, count);
  assert.equal(count.estimate, estimate);
  count.clear();
  assert.equal(count.estimate, 0);
});

Deno.test("registers outlive a restart, and damaged ones are refused", () => {
  const count = counted(0, 2000);
  const text = count.encode();
  const restored = new DistinctCount();
  assert(restored.restore(text));
  assert.equal(restored.estimate, count.estimate);
  counted(1000, 3000, restored);
  assert(Math.abs(restored.estimate - 3000) < 90);
  assert(new DistinctCount().encode().length < 100, "empty ones are short");
  const before = restored.estimate;
  for (const wrong of ["", "%", text.slice(0, 40), btoa("nonsense")]) {
    assert(!restored.restore(wrong), wrong);
  }
  // 34 is one more than the longest run in 32 bits.
  const high = new DistinctCount();
  high.add(0, 0);
  assert(restored.restore(high.encode()));
  assert.notEqual(restored.estimate, before);
});

Deno.test("another salt hashes to something else", () => {
  const id = idOf(1);
  assert.notDeepEqual(hashId(id, SALT), hashId(id, [1, 2]));
  assert.deepEqual(hashId(id, SALT), hashId(idOf(1), SALT));
});
