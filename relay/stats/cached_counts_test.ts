import assert from "node:assert/strict";
import { CachedCounts } from "./cached_counts.ts";

Deno.test("counting takes a hundredth of the time at most", () => {
  let time = 0;
  let took = 1;
  let counted = 0;
  const counts = new CachedCounts(() => {
    time += took;
    return {
      queues: ++counted,
      notifiers: 0,
      messages: 0,
      notifications: 0,
      recipientServices: 0,
      recipientServiceQueues: 0,
      notifierServices: 0,
      notifierServiceQueues: 0,
    };
  }, () => time);
  const after = (ms: number) => {
    time += ms;
    return counts.get().queues;
  };
  assert.equal(after(0), 1);
  assert.equal(after(999), 1);
  took = 50;
  assert.equal(after(1), 2);
  assert.equal(after(4999), 2);
  assert.equal(after(1), 3);
});
