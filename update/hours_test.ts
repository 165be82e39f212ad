import assert from "node:assert/strict";
import { isWithinHours } from "./hours.ts";

function at(hour: number, minute = 0): Date {
  return new Date(2026, 11, 24, hour, minute);
}

Deno.test("quiet hours end at their end, also across midnight", () => {
  assert.equal(isWithinHours("07:00-23:30", at(7)), true);
  assert.equal(isWithinHours("07:00-23:30", at(23, 29)), true);
  assert.equal(isWithinHours("07:00-23:30", at(23, 30)), false);
  assert.equal(isWithinHours("22:00-06:00", at(23)), true);
  assert.equal(isWithinHours("22:00-06:00", at(5, 59)), true);
  assert.equal(isWithinHours("22:00-06:00", at(6)), false);
  assert.equal(isWithinHours("", at(3)), false);
});
