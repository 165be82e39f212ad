import assert from "node:assert/strict";
import { configFlags, parseFlags, UsageError } from "./flags.ts";

const flags = {
  json: { doc: "JSON." },
  help: { doc: "Help.", short: "h" },
  ...configFlags,
} as const;

function complaint(...args: string[]): string {
  try {
    parseFlags(args, flags);
  } catch (error) {
    assert(error instanceof UsageError);
    return error.message;
  }
  throw new Error("No complaint");
}

Deno.test("flags are read in every form", () => {
  const args = ["--json", "--set", "a=1", "--set=b=2", "--data=/x", "-h", "w"];
  const { values, words } = parseFlags(args, flags);
  assert.deepEqual(values, {
    json: true,
    help: true,
    set: ["a=1", "b=2"],
    data: "/x",
    config: undefined,
  });
  assert.deepEqual(words, ["w"]);
  assert.deepEqual(parseFlags([], flags).values.set, []);
});

Deno.test("a wrong flag gets the nearest one", () => {
  assert.match(complaint("--jsn"), /no flag --jsn\. Did you mean --json\?/);
  assert.match(complaint("--dta", "x"), /Did you mean --data\?/);
  assert.match(complaint("--frobnicate"), /The flags are: --json, --help/);
  assert.match(complaint("-x"), /no flag -x/);
  assert.match(complaint("--constructor"), /no flag --constructor/);
  assert.match(complaint("--__proto__=1"), /no flag/);
});

Deno.test("values must be there, once, and where they belong", () => {
  assert.equal(complaint("--data"), "--data needs a value: --data DIRECTORY");
  assert.equal(complaint("--json=1"), "--json takes no value.");
  assert.equal(complaint("--data=a", "--data=b"), "--data is given twice.");
});
