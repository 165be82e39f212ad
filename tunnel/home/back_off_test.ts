import { ok } from "node:assert/strict";
import { BackOff } from "./back_off.ts";

Deno.test("Pauses double to a minute, each with jitter, and begin again", () => {
  const backOff = new BackOff();
  for (let turn = 0, most = 500; turn < 12; turn++) {
    const pause = backOff.next();
    ok(pause >= most / 2 && pause <= most, `${pause} of ${most}`);
    most = Math.min(2 * most, 60_000);
  }
  backOff.reset();
  ok(backOff.next() <= 500);
});
