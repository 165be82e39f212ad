import assert from "node:assert/strict";
import { repeat } from "./repeat.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("one run at a time, on after an error, none after the stop", async () => {
  const errors: unknown[] = [];
  let runs = 0;
  let running = 0;
  let most = 0;
  const repeated = repeat(async () => {
    runs++;
    most = Math.max(most, ++running);
    await wait(20);
    running--;
    if (runs === 2) throw new Error("once");
  }, { everyMs: 5, firstMs: 0, onError: (error) => errors.push(error) });
  while (runs < 4) await wait(5);
  await repeated.stop();
  assert.equal(running, 0);
  assert.equal(most, 1);
  assert.equal(errors.length, 1);
  const before = runs;
  await wait(40);
  assert.equal(runs, before);
});

Deno.test("a wait that is longer than a timer can be does not end at once", async () => {
  let runs = 0;
  const repeated = repeat(() => void runs++, {
    everyMs: 2 ** 40,
    onError: () => {},
  });
  await wait(20);
  await repeated.stop();
  assert.equal(runs, 0);
});
