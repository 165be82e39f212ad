import assert from "node:assert/strict";
import { renewalTime, retryDelay } from "./renewal.ts";

const DAY = 86_400_000;

Deno.test("a certificate is renewed within the CA's window, each at its own time", () => {
  const facts = {
    notBefore: 0,
    notAfter: 90 * DAY,
    identifiers: [],
    id: "a.b",
  };
  const window = {
    start: 60 * DAY,
    end: 62 * DAY,
    explanation: undefined,
    askAgainMs: 1,
  };
  const times = Array.from(
    { length: 50 },
    (_, i) => renewalTime({ facts, window, salt: `${i}` }),
  );
  for (const time of times) assert.ok(time >= 60 * DAY && time <= 62 * DAY);
  assert.ok(new Set(times).size > 45);
  assert.equal(
    renewalTime({ facts, window, salt: "0" }),
    renewalTime({ facts, window, salt: "0" }),
  );
  // A window behind the end is no reason to let it lapse.
  const late = { ...window, start: 89 * DAY, end: 99 * DAY };
  assert.ok(renewalTime({ facts, window: late, salt: "0" }) <= 81 * DAY);
});

Deno.test("without a window, long ones with a third and short ones with half of their life", () => {
  for (const [days, left] of [[90, 30], [6, 3]]) {
    const facts = {
      notBefore: 0,
      notAfter: days * DAY,
      identifiers: [],
      id: undefined,
    };
    const time = renewalTime({ facts, window: undefined, salt: "x" }) / DAY;
    assert.ok(time <= days - left && time >= days * 0.95 - left);
  }
});

Deno.test("failures are tried again less and less often, but at least every day", () => {
  const pace = { firstRetryMs: 300_000, maxRetryMs: 21_600_000 };
  const delays = Array.from(
    { length: 8 },
    (_, i) => retryDelay(i + 1, { pace, random: () => 0 }),
  );
  assert.deepEqual(delays.slice(0, 3), [300_000, 900_000, 2_700_000]);
  assert.equal(delays.at(-1), 21_600_000);
  const week = retryDelay(1, { pace, retryAfterMs: 7 * DAY, random: () => 1 });
  assert.equal(week, 1.25 * DAY);
});
