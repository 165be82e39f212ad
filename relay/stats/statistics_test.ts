import assert from "node:assert/strict";
import { Statistics } from "./statistics.ts";

const ID = new Uint8Array(24).fill(7);

Deno.test("a period has what grew in it; the sums go on", () => {
  const statistics = new Statistics(1000);
  statistics.messageSent(ID, true);
  statistics.messageSent(ID, false);
  statistics.counters.add("qCreated", 3);
  const first = statistics.endPeriod(2000);
  assert.equal(first.from, 1000);
  assert.equal(first.to, 2000);
  assert.equal(first.growth.msgSent, 2);
  assert.equal(first.growth.msgSentNtf, 1);
  assert.equal(first.growth.qCreated, 3);
  assert.equal(first.activeQueues.day, 1);
  assert.equal(first.activeQueuesNtf.day, 1);
  statistics.messageReceived(ID, {
    notification: false,
    polled: true,
    seconds: 2,
  });
  const { growth, activeQueuesNtf } = statistics.endPeriod(3000);
  assert.equal(growth.msgSent, 0);
  assert.equal(growth.msgRecv, 1);
  assert.equal(growth.msgRecvGet, 1);
  assert.equal(activeQueuesNtf.day, 0);
  assert.equal(statistics.counters.get("msgSent"), 2);
  assert.equal(statistics.since, 1000);
  assert.equal(statistics.from, 3000);
});

Deno.test("all of it goes on after a restart", () => {
  const before = new Statistics(1000);
  before.messageSent(ID, false);
  before.endPeriod(2000);
  before.messageReceived(ID, { notification: true, polled: false, seconds: 9 });
  const after = new Statistics(9000);
  // What was counted before the file was read is not lost.
  after.counters.add("msgExpired", 4);
  assert(after.restore(before.encode()));
  assert.equal(after.since, 1000);
  assert.equal(after.from, 2000);
  assert.equal(after.growth.msgSent, 0);
  assert.equal(after.growth.msgRecv, 1);
  assert.equal(after.growth.msgExpired, 4);
  assert.equal(after.ackTimes.sum, 9);
  assert.deepEqual(after.activeQueues.estimates, { day: 1, week: 1, month: 1 });
  assert.equal(after.activeQueuesNtf.estimates.day, 1);
});

Deno.test("what is no backup changes nothing", () => {
  const statistics = new Statistics(1000);
  const before = statistics.encode();
  for (
    const wrong of [
      "",
      "{",
      "[]",
      "null",
      '{"format":1}',
      before.replace('"format":1', '"format":2'),
      before.replace('"since":1000', '"since":-1'),
      before.replace(/"counters":\{[^}]*\}/, '"counters":[]'),
    ]
  ) {
    assert(!statistics.restore(wrong), wrong);
    assert.equal(statistics.encode(), before);
  }
  const odd = before.replace('"qCreated":0', '"qCreated":"many","more":1');
  assert(statistics.restore(odd));
  assert.equal(statistics.counters.get("qCreated"), 0);
});
