import assert from "node:assert/strict";
import { describe, duration } from "./status.ts";

Deno.test("a duration is its two largest units", () => {
  assert.equal(duration(0), "less than a second");
  assert.equal(duration(1), "1 second");
  assert.equal(duration(3600), "1 hour");
  assert.equal(duration(3 * 3600 + 5 * 60 + 7), "3 hours 5 minutes");
  assert.equal(duration(86_400 + 30 * 60), "1 day");
  assert.equal(duration(40 * 86_400 + 3600), "40 days 1 hour");
});

Deno.test("a status names what is wrong and what to do", () => {
  const lines = describe({
    version: "1.2.3",
    state: "degraded",
    uptimeSeconds: 60,
    parts: [
      { name: "listener", state: "ok" },
      {
        name: "storage",
        state: "degraded",
        reason: "The disk is full.",
        remedy: "Make room.",
      },
    ],
    counts: { queues: 1234 },
  }, { style: (_style, text) => text });
  assert.deepEqual(lines, [
    "Porchlight 1.2.3 is running: it works, but needs a look.",
    "Up for 1 minute.",
    "",
    "  ok        listener",
    "  degraded  storage   The disk is full.",
    "                      Make room.",
    "",
    "  1,234 queues",
  ]);
});
