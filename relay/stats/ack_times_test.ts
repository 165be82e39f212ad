import assert from "node:assert/strict";
import { AckTimes } from "./ack_times.ts";

Deno.test("times fall into the buckets of the reference", () => {
  for (
    const [seconds, bucket] of [
      [0, 0],
      [1, 1],
      [5, 5],
      [6, 10],
      [30, 30],
      [31, 40],
      [60, 60],
      [61, 90],
      [180, 180],
      [181, 240],
      [3600, 3600],
      [3601, 3660],
    ]
  ) {
    const times = new AckTimes();
    times.add(seconds);
    assert.deepEqual(times.buckets, [[bucket, 1]], String(seconds));
  }
});

Deno.test("sums, the longest, and what lies between", () => {
  const times = new AckTimes();
  for (const seconds of [0, 3, 3, 59, 60, 400]) times.add(seconds);
  assert.equal(times.count, 6);
  assert.equal(times.sum, 525);
  assert.equal(times.max, 400);
  assert.deepEqual(times.buckets, [[0, 1], [3, 2], [60, 2], [420, 1]]);
  assert.equal(times.between(0, 60), 3);
  assert.equal(times.between(60, 300), 2);
  assert.equal(times.between(300, Infinity), 1);
  // A clock that jumps makes no bucket of its own for each jump.
  times.add(1e15);
  times.add(-5);
  assert.equal(times.max, 60 * 86_400);
});

Deno.test("a backup is taken over, and what is none left out", () => {
  const times = new AckTimes();
  for (const seconds of [1, 100, 7000]) times.add(seconds);
  const restored = new AckTimes();
  restored.add(1);
  restored.restore(JSON.parse(JSON.stringify(times.backup())));
  assert.equal(restored.count, 4);
  assert.equal(restored.sum, 7102);
  assert.equal(restored.max, 7000);
  for (
    const wrong of [null, 7, {}, { buckets: 1 }, {
      buckets: [[7, 1], [5, -1], ["5", 1], 5, [5]],
      sum: "many",
      max: -1,
    }]
  ) {
    const untouched = new AckTimes();
    untouched.restore(wrong);
    assert.deepEqual(untouched.backup(), { sum: 0, max: 0, buckets: [] });
  }
});
