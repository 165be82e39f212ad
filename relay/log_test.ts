import assert from "node:assert/strict";
import { createLog, type LogOptions } from "./log.ts";

function linesOf(options: Partial<LogOptions>) {
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    write: (line) => lines.push(line),
    now: () => new Date("2026-05-04T03:02:01.987Z"),
    ...options,
  });
  return { lines, log };
}

Deno.test("a line has its time and level, or journald's priority", () => {
  const plain = linesOf({});
  plain.log.info("The relay runs");
  plain.log.warn("Slow disk");
  plain.log.debug("not shown");
  assert.deepEqual(plain.lines, [
    "2026-05-04T03:02:01Z info  The relay runs",
    "2026-05-04T03:02:01Z warn  Slow disk",
  ]);
  const journal = linesOf({ journal: true, level: "debug" });
  journal.log.error("a");
  journal.log.warn("b");
  journal.log.info("c");
  journal.log.debug("d");
  assert.deepEqual(journal.lines, ["<3>a", "<4>b", "<6>c", "<7>d"]);
});

Deno.test("a message is one line, with its causes", () => {
  const { lines, log } = linesOf({ journal: true });
  const cause = new Error("disk\nfull\u001b[31m", { cause: "no room" });
  log.error("Cannot write", cause);
  assert.deepEqual(lines, ["<3>Cannot write: disk full [31m: no room"]);
});

Deno.test("addresses in system errors are taken out", () => {
  const { lines, log } = linesOf({ journal: true });
  for (
    const text of [
      "connect ECONNREFUSED 203.0.113.7:5223",
      "connect ETIMEDOUT 2001:db8::17:5223",
      "reset by [2001:db8::1]:443, later",
      "fe80::1%eth0 is gone",
      "::ffff:203.0.113.7 is gone",
      "lost 203.0.113.7.",
    ]
  ) log.error("x", new Error(text));
  assert.deepEqual(lines, [
    "<3>x: connect ECONNREFUSED [address]",
    "<3>x: connect ETIMEDOUT [address]",
    "<3>x: reset by [address], later",
    "<3>x: [address] is gone",
    "<3>x: [address] is gone",
    "<3>x: lost [address]",
  ]);
  lines.length = 0;
  log.error("x", new Error("at 12:30: std::io::Error, code 5, v1.2.3"));
  assert.deepEqual(lines, ["<3>x: at 12:30: std::io::Error, code 5, v1.2.3"]);
});
