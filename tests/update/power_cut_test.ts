import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { linkedVersion } from "../../update/layout.ts";
import { readState, update, type UpdateStep } from "../../update/mod.ts";
import { FIRST, TestMachine } from "./machine.ts";
import { TestRepository } from "./repository.ts";

/** Steps before the switch: the old version runs after a cut there. */
const EARLY_STEPS: readonly UpdateStep[] = [
  "checked",
  "downloaded",
  "unpacked",
  "placed",
  "noted",
  "previous kept",
];

/** Steps after it: the new version runs after a cut there. */
const LATE_STEPS: readonly UpdateStep[] = [
  "switched",
  "restarted",
  "tested",
  "passed",
];

/** The same for one that is taken back, from where it differs. */
const BAD_STEPS: readonly UpdateStep[] = [
  "tested",
  "failed",
  "switched back",
  "restarted back",
];

/** Updates in a process of its own, which dies at that step. */
async function dieAt(step: UpdateStep, machine: TestMachine): Promise<void> {
  const program = fileURLToPath(
    new URL("updater_process.ts", import.meta.url),
  );
  const options = JSON.stringify(machine.options({ testMs: 2000 }));
  const { signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program, step, options],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const said = decoder.decode(stdout) + decoder.decode(stderr);
  assert.equal(signal, "SIGKILL", `${step} never came: ${said}`);
}

Deno.test("a power cut at any step of an update leaves a relay that runs", async (t) => {
  await using repository = await TestRepository.start();
  await using machine = await TestMachine.start(repository);
  const { layout } = machine;
  await repository.release("1.1.0", await machine.program("1.1.0"));
  for (const step of EARLY_STEPS) {
    await t.step(step, async () => {
      await dieAt(step, machine);
      await machine.cut();
      machine.power();
      await machine.until(FIRST);
      assert.equal(await linkedVersion(layout, "current"), FIRST);
    });
  }
  await machine.checkMessage();
  const result = await update(machine.options());
  assert.deepEqual(result, { outcome: "updated", version: "1.1.0" });
  let old = "1.1.0";
  for (const [index, step] of LATE_STEPS.entries()) {
    const version = `1.${index + 2}.0`;
    await t.step(step, async () => {
      await repository.release(version, await machine.program(version));
      await dieAt(step, machine);
      await machine.cut();
      machine.power();
      await machine.until(version);
      await machine.checkMessage();
      const result = await update(machine.options());
      const decided = step === "passed" ? "newest" : "updated";
      assert.deepEqual(result, { outcome: decided, version });
      assert.equal(await linkedVersion(layout, "current"), version);
      assert.equal(await linkedVersion(layout, "previous"), old);
      assert.equal((await readState(layout)).trial, undefined);
      old = version;
    });
  }
});

Deno.test("a power cut while a version is taken back leaves a relay that runs", async (t) => {
  await using repository = await TestRepository.start();
  await using machine = await TestMachine.start(repository);
  const { layout } = machine;
  for (const [index, step] of BAD_STEPS.entries()) {
    const version = `1.${index + 1}.0`;
    await t.step(step, async () => {
      await repository.release(version, machine.spoilt(version, "hangs"));
      await dieAt(step, machine);
      await machine.cut();
      machine.power();
      // Where it hangs, nobody has seen it yet but the next update.
      const result = await update(machine.options({ testMs: 1500 }));
      assert.equal(result.outcome, "went back");
      await machine.until(FIRST);
      await machine.checkMessage();
      const { trial, failures } = await readState(layout);
      assert.equal(trial, undefined);
      assert.equal(failures[version].tries, 1);
      assert.equal(await linkedVersion(layout, "current"), FIRST);
      assert.equal(await linkedVersion(layout, "previous"), undefined);
    });
  }
});

Deno.test("the guard goes back when nobody else is there to do it", async () => {
  await using repository = await TestRepository.start();
  await using machine = await TestMachine.start(repository);
  await repository.release("1.1.0", machine.spoilt("1.1.0", "ends"));
  await dieAt("switched", machine);
  await machine.cut();
  machine.power();
  await machine.until(FIRST);
  await machine.checkMessage();
  const { trial, failures } = await readState(machine.layout);
  assert.equal(trial, undefined);
  assert.equal(failures["1.1.0"].tries, 1);
});
