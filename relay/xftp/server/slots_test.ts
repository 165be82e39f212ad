import assert from "node:assert/strict";
import { type Slot, Slots } from "./slots.ts";

const never = new Promise<void>(() => {});
const patient = { waitMs: 60_000, gone: never };

/** Takes a slot and keeps it until it is let go. */
function take(slots: Slots, request: Parameters<Slots["run"]>[0]) {
  const started = Promise.withResolvers<Slot>();
  const end = Promise.withResolvers<void>();
  const done = slots.run(request, async (slot) => {
    started.resolve(slot);
    await end.promise;
    return "done" as const;
  });
  return { started: started.promise, end: () => end.resolve(), done };
}

Deno.test("who waits too long, or has gone, gets no slot", async () => {
  const slots = new Slots(1);
  const first = take(slots, { owner: {}, ...patient });
  await first.started;
  const late = take(slots, { owner: {}, waitMs: 10, gone: never });
  assert.equal(await late.done, "busy");
  const gone = Promise.withResolvers<void>();
  const leaving = take(slots, {
    owner: {},
    waitMs: 60_000,
    gone: gone.promise,
  });
  gone.resolve();
  assert.equal(await leaving.done, "busy");
  first.end();
  assert.equal(await first.done, "done");
  assert.equal(slots.used, 0);
});

Deno.test("a connection with many requests lets others have a turn", async () => {
  const slots = new Slots(2);
  const greedy = {};
  const many = Array.from(
    { length: 20 },
    () => take(slots, { owner: greedy, ...patient }),
  );
  await many[1].started;
  const other = take(slots, { owner: {}, ...patient });
  many[0].end();
  await other.started;
  assert.equal(slots.used, 2);
  for (const each of [...many, other]) each.end();
  await Promise.all([...many, other].map(({ done }) => done));
  assert.equal(slots.used, 0);
});

Deno.test("with one slot, connections take turns", async () => {
  const slots = new Slots(1);
  const greedy = {};
  const many = Array.from(
    { length: 5 },
    () => take(slots, { owner: greedy, ...patient }),
  );
  await many[0].started;
  const other = take(slots, { owner: {}, ...patient });
  let turns = "";
  for (const each of many) void each.started.then(() => turns += "greedy ");
  void other.started.then(() => turns += "other ");
  await Promise.resolve();
  for (const each of [...many, other]) each.end();
  await Promise.all([...many, other].map(({ done }) => done));
  assert.equal(turns.split(" ").indexOf("other"), 1, turns);
});

Deno.test("while others wait, who does not move loses the slot", async () => {
  const slots = new Slots(2, { windowMs: 40, leastRate: 1000 });
  const idle = take(slots, { owner: {}, ...patient });
  const busy = take(slots, { owner: {}, ...patient });
  let revoked = "";
  const idleSlot = await idle.started;
  const busySlot = await busy.started;
  void idleSlot.revoked.then(() => {
    revoked += "idle";
    idle.end();
  });
  void busySlot.revoked.then(() => revoked += "busy");
  const moving = setInterval(() => busySlot.moved(1000), 5);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(revoked, "", "nobody waits");
  const waiting = take(slots, { owner: {}, ...patient });
  await waiting.started;
  assert.equal(revoked, "idle");
  clearInterval(moving);
  busy.end();
  waiting.end();
  await Promise.all([idle.done, busy.done, waiting.done]);
});
