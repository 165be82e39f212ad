import assert from "node:assert/strict";
import { type CrashMode, runCrashes } from "./crash.ts";

/** The seed of the short run; `deno task crash` takes another each time. */
const SEED = 20_261;

async function survives(mode: CrashMode): Promise<void> {
  const result = await runCrashes({ mode, rounds: 8, seed: SEED });
  assert.deepEqual(result.faults, []);
  assert.equal(result.rounds, 8);
  // The crashes came in the middle of work, not before or after it.
  assert(result.waiting > 0 && result.underWay > 0, JSON.stringify(result));
  if (mode === "power") assert(result.cuts > 0, JSON.stringify(result));
}

Deno.test("a relay that is killed keeps its word", () => survives("kill"));

Deno.test("a relay whose power is cut keeps its word", () => survives("power"));

Deno.test("the harness notices a relay that answers too early", async () => {
  for (const mode of ["kill", "power"] as const) {
    const { faults } = await runCrashes({
      mode,
      rounds: 20,
      seed: SEED,
      alteration: "early",
    });
    assert.match(
      faults.join("\n"),
      /is lost|although that was answered|after its ACK was answered|nobody has|must hold/,
    );
  }
});

Deno.test("the harness notices a relay that forgets what was acknowledged", async () => {
  const { faults } = await runCrashes({
    mode: "kill",
    rounds: 20,
    seed: SEED,
    alteration: "forgetful",
  });
  assert.match(faults.join("\n"), /after its ACK was answered|must hold/);
});
