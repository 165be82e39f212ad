import assert from "node:assert/strict";
import { defaultConfig } from "../config/mod.ts";
import { type Check, ok, problem } from "./check.ts";
import { examine, type Finding, machineAt, reportLines, worst } from "./mod.ts";

const context = {
  config: defaultConfig(),
  configFile: "/nonexistent/porchlight.toml",
  configProblems: [],
  relay: { state: "stopped" },
  machine: machineAt("/nonexistent"),
  now: new Date(),
} as const;

const good: Check = {
  name: "good",
  group: "The relay",
  run: () => [ok("It works.")],
};

Deno.test("a check that throws or hangs is a finding, and the others go on", async () => {
  let aborted = false;
  const { promise, resolve } = Promise.withResolvers<never[]>();
  const hangs: Check = {
    name: "hangs",
    group: "This machine",
    timeoutMs: 20,
    run({ signal }) {
      signal.addEventListener("abort", () => {
        aborted = true;
        resolve([]);
      });
      return promise;
    },
  };
  const throws: Check = {
    name: "throws",
    group: "This machine",
    run() {
      throw new Error("a fault\nin two lines");
    },
  };
  const findings = await examine([good, hangs, throws], context);
  assert.deepEqual(findings.map(({ check, result }) => [check, result]), [
    ["hangs", "warning"],
    ["throws", "warning"],
    ["good", "ok"],
  ]);
  assert.match(findings[0].what, /longer than 0\.02 seconds/);
  assert.match(findings[1].what, /a fault$/);
  assert.equal(aborted, true);
});

const findings: Finding[] = [
  { group: "This machine", check: "clock", ...ok("It is noon.") },
  { group: "This machine", check: "clock", ...ok("It is kept right.") },
  {
    group: "The relay",
    check: "relay",
    ...problem("It does not run, and says nothing of why it does not.", {
      meaning: "Nobody can use it.",
      remedy: "Start it: porchlight start",
    }),
  },
];

Deno.test("the report is aligned, and coloured where colours are wanted", () => {
  const plain = (_style: string, text: string) => text;
  assert.equal(
    reportLines(findings, { paint: plain, columns: 51 }).join("\n"),
    `This machine
  ok       clock  It is noon. It is kept right.

The relay
  problem  relay  It does not run, and says nothing
                  of why it does not.
                  Nobody can use it.
                  -> Start it: porchlight start

1 problem. Begin with the first: others may come from it.`,
  );
  const paint = (style: string, text: string) => `<${style}>${text}</>`;
  const coloured = reportLines(findings, { paint, columns: 80 });
  assert.equal(coloured[0], "<bold>This machine</>");
  assert.match(coloured[4], /^ {2}<red>problem<\/> {2}relay /);
});

Deno.test("the worst finding decides", () => {
  assert.equal(worst(findings), "problem");
  assert.equal(worst(findings.slice(0, 2)), "ok");
  assert.equal(worst([{ ...findings[0], result: "skipped" }]), "ok");
  assert.equal(worst([{ ...findings[0], result: "warning" }]), "warning");
});
