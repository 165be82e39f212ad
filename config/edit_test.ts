import assert from "node:assert/strict";
import { ConfigError, configTemplate, editSettings } from "./mod.ts";

Deno.test("a setting goes below its default, and the rest stays", () => {
  const before = configTemplate();
  const after = editSettings(before, new Map([["log.level", "debug"]]));
  assert(after.includes('# level = "info"\nlevel = "debug"\n'));
  assert.equal(after.replace('level = "debug"\n', ""), before);
  assert.equal(
    editSettings(after, new Map([["log.level", undefined]])),
    before,
  );
});

Deno.test("values are replaced where they stand, lists over lines too", () => {
  const before = `# mine
[listen] # where
ports = [
  5223, # the usual one
  443,
]
# the end

[log]
level = "info"`;
  const after = editSettings(
    before,
    new Map<string, number[] | string>([
      ["listen.ports", [7001]],
      ["log.level", "warn"],
      ["web.name", 'Ada\'s "box" \\ #1'],
    ]),
  );
  assert.equal(
    after,
    `# mine
[listen] # where
ports = [7001]
# the end

[log]
level = "warn"

[web]
name = "Ada's \\"box\\" \\\\ #1"
`,
  );
  assert.equal(editSettings("", new Map([["log.level", undefined]])), "");
});

Deno.test("what cannot be changed for sure is not changed", () => {
  for (
    const text of [
      'log = { level = "info" }',
      'log.level = "info"',
      '[log]\n"level" = "info"',
      "[log",
    ]
  ) {
    assert.throws(
      () => editSettings(text, new Map([["log.level", "warn"]])),
      ConfigError,
      text,
    );
  }
});
