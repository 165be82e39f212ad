import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultConfig } from "../../config/mod.ts";
import { short } from "../testing.ts";
import { look } from "./update.ts";

const NOW = new Date("2026-12-24T18:00:00Z");

async function asked(state: unknown): Promise<string> {
  const programs = await Deno.makeTempDir();
  try {
    const layout = { programs, state: programs };
    await Deno.writeTextFile(
      join(programs, "state.json"),
      typeof state === "string" ? state : JSON.stringify(state),
    );
    const config = defaultConfig();
    return short(await look(layout, { config, now: NOW })).join("\n");
  } finally {
    await Deno.remove(programs, { recursive: true });
  }
}

Deno.test("the doctor tells how updates stand", async () => {
  const checkedAt = NOW.getTime() - 3_600_000;
  assert.match(await asked({ checkedAt }), /^ok: .*newest/);
  assert.match(
    await asked({ checkedAt: checkedAt - 40 * 86_400_000 }),
    /^warning: It was last looked for/,
  );
  assert.match(
    await asked({ checkedAt, problem: { reason: "The clock is wrong." } }),
    /^problem: .*The clock is wrong/,
  );
  const failures = { "1.1.0": { tries: 3, reason: "It did not come up." } };
  assert.match(await asked({ checkedAt, failures }), /^warning: .*1\.1\.0/);
  assert.match(
    await asked({
      checkedAt,
      trial: { version: "1.1.0", from: "1.0.0", step: "trying", starts: 1 },
    }),
    /^warning: Version 1\.1\.0 is being tried/,
  );
  // A damaged file is as none.
  assert.match(await asked("{ half"), /^skipped/);
  assert.match(await asked("[]"), /^skipped/);
});
