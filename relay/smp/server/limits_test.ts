import assert from "node:assert/strict";
import { Limits } from "./limits.ts";

Deno.test("without limits everything fits, and nothing is counted", () => {
  const limits = new Limits({ queues: 0 }, {
    count: () => {
      throw new Error("counted");
    },
    now: () => 0,
  });
  const session = {};
  for (let i = 0; i < 1000; i++) assert(limits.takeQueue(session));
  assert(limits.takesMessage);
});

Deno.test("stored queues and messages are bounded", () => {
  const counts = { queues: 9, messages: 99 };
  const limits = new Limits({ queues: 10, messages: 100 }, {
    count: () => counts,
    now: () => 0,
  });
  assert(limits.takeQueue({}));
  assert(limits.takesMessage);
  counts.queues = 10;
  counts.messages = 100;
  assert(!limits.takeQueue({}));
  assert(!limits.takesMessage);
});

Deno.test("each session has its own allowance, which comes back", () => {
  let time = 1_000_000;
  const limits = new Limits({ newQueuesPerMinute: 6 }, {
    count: () => ({ queues: 0, messages: 0 }),
    now: () => time,
  });
  const [one, other] = [{}, {}];
  for (let i = 0; i < 6; i++) assert(limits.takeQueue(one));
  assert(!limits.takeQueue(one));
  assert(limits.takeQueue(other));
  time += 9_900;
  assert(!limits.takeQueue(one));
  time += 200;
  assert(limits.takeQueue(one));
  assert(!limits.takeQueue(one));
  // A clock that is set back gives nothing and takes nothing.
  time -= 3_600_000;
  assert(!limits.takeQueue(one));
  time += 3_600_000 + 600_000;
  for (let i = 0; i < 6; i++) assert(limits.takeQueue(one));
  assert(!limits.takeQueue(one));
});
