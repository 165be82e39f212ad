import assert from "node:assert/strict";
import { Places } from "./places.ts";

Deno.test("places are taken in turn", async () => {
  const places = new Places(2);
  assert.deepEqual([places.take(), places.take(), places.take()], [
    true,
    true,
    false,
  ]);
  const order: string[] = [];
  const first = places.wait().then((got) => order.push(`first ${got}`));
  const second = places.wait().then((got) => order.push(`second ${got}`));
  const emptied = places.emptied().then(() => order.push("emptied"));
  assert.equal(places.waiting, 2);
  places.give();
  await first;
  // Nobody overtakes who waits.
  assert.equal(places.take(), false);
  places.give();
  await Promise.all([second, emptied]);
  assert.deepEqual(order, ["first true", "second true", "emptied"]);
  places.give();
  places.give();
  assert.deepEqual([places.taken, places.take()], [0, true]);
});

Deno.test("waiting ends in time, or when the line is closed", async () => {
  const places = new Places(1);
  assert.equal(await places.wait(), true);
  assert.equal(await places.wait(10), false);
  const waiting = [places.wait(60_000), places.wait()];
  places.close();
  assert.deepEqual(await Promise.all(waiting), [false, false]);
  await places.emptied();
  assert.deepEqual([places.take(), await places.wait()], [false, false]);
  places.give();
  assert.equal(places.taken, 0);
});
