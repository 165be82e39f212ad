import assert from "node:assert/strict";
import { Attempts } from "./attempts.ts";

Deno.test("waits double up to five minutes, and are forgotten in an hour", () => {
  let now = 1_000_000;
  const attempts = new Attempts(() => now);
  const waits: number[] = [];
  for (let count = 0; count < 13; count++) {
    attempts.begin("a");
    waits.push(attempts.waitMs("a") / 1000);
    now += attempts.waitMs("a");
  }
  assert.deepEqual(waits, [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  assert.equal(attempts.waitMs("b"), 0);
  now += 3_600_001;
  attempts.begin("a");
  assert.equal(attempts.waitMs("a"), 0);
});

Deno.test("the right one clears the peer, and memory has its bounds", () => {
  let now = 0;
  const attempts = new Attempts(() => now);
  for (let count = 0; count < 3; count++) attempts.begin("a");
  assert(attempts.waitMs("a") > 0);
  attempts.right("a");
  assert.equal(attempts.waitMs("a"), 0);
  // Many peers together are slowed down too.
  for (let peer = 0; peer < 300; peer++) attempts.begin(`peer ${peer}`);
  assert(attempts.waitMs("somebody new") > 0);
  now += 3_600_001;
  assert.equal(attempts.waitMs("somebody new"), 0);
});
