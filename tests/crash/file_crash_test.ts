import assert from "node:assert/strict";
import { join } from "node:path";
import { type FileCrashOptions, runFileCrashes } from "./file_crash.ts";

/** The seed of the short run; `deno task crash` takes another each time. */
const SEED = 20_262;

Deno.test("a relay that is killed keeps files as it said", async () => {
  const result = await runFileCrashes({ rounds: 6, seed: SEED });
  assert.deepEqual(result.faults, []);
  assert.equal(result.rounds, 6);
  // The crashes came in the middle of work, not before or after it.
  assert.ok(result.found > 0 && result.underWay > 0, JSON.stringify(result));
});

/** What the harness says when `damage` is done after a crash. */
async function faultsWith(
  damage: FileCrashOptions["damage"],
): Promise<string> {
  const { faults } = await runFileCrashes({ rounds: 8, seed: SEED, damage });
  return faults.join("\n");
}

Deno.test("the harness notices a content that is damaged", async () => {
  const faults = await faultsWith(({ contents }, files) => {
    const file = files.find(({ there }) => there);
    if (file === undefined) return;
    const path = join(contents, file.name);
    const content = Deno.readFileSync(path);
    content[0] ^= 1;
    Deno.writeFileSync(path, content);
  });
  assert.match(faults, /another content/);
});

Deno.test("the harness notices a content that is lost", async () => {
  const faults = await faultsWith(({ contents }, files) => {
    const file = files.find(({ there }) => there);
    if (file !== undefined) Deno.removeSync(join(contents, file.name));
  });
  assert.match(faults, /NO_FILE|contents of/);
});
