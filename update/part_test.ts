import assert from "node:assert/strict";
import { answerOf, statusOf } from "./part.ts";

const NOW = new Date("2026-12-24T18:00:00Z");
const checkedAt = NOW.getTime() - 3_600_000;

Deno.test("the owner is told what needs a look, and nothing else", () => {
  const tell = (state: Parameters<typeof statusOf>[0]) => {
    const { state: how, reason, note } = statusOf(state, "1.0.0", NOW);
    return `${how}: ${reason ?? note}`;
  };
  assert.equal(tell({ failures: {} }), "ok: Not looked for yet.");
  assert.equal(tell({ failures: {}, checkedAt }), "ok: The newest version.");
  const failed = { "1.1.0": { tries: 3, reason: "It did not come up." } };
  assert.match(tell({ failures: failed, checkedAt }), /^degraded: .*1\.1\.0/);
  // Twice is not for good, and a newer version has come since.
  const twice = { "1.1.0": { tries: 2, reason: "" } };
  assert.match(tell({ failures: twice, checkedAt }), /^ok/);
  const old = { "0.9.0": { tries: 3, reason: "" } };
  assert.match(tell({ failures: old, checkedAt }), /^ok/);
  // A server that was not there once is no matter; for weeks it is.
  const problem = { reason: "It cannot be reached." };
  assert.match(tell({ failures: {}, checkedAt, problem }), /^ok/);
  const longAgo = checkedAt - 30 * 86_400_000;
  assert.match(
    tell({ failures: {}, checkedAt: longAgo, problem }),
    /^degraded: It cannot be reached/,
  );
  const available = { version: "1.1.0" };
  assert.match(
    tell({ failures: {}, checkedAt, available }),
    /1\.1\.0 is there/,
  );
  const once = { "1.1.0": { tries: 1, reason: "It did not come up." } };
  assert.match(
    tell({ failures: once, checkedAt, available }),
    /^ok: .*1\.1\.0 did not work here: It did not come up/,
  );
});

Deno.test("programs are told the same", () => {
  assert.deepEqual(
    JSON.parse(JSON.stringify(
      answerOf({ failures: {}, checkedAt, channel: "beta" }, "1.0.0"),
    )),
    {
      version: "1.0.0",
      checked: "2026-12-24T17:00:00.000Z",
      channel: "beta",
      failed: {},
    },
  );
});
