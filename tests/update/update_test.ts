import assert from "node:assert/strict";
import { join } from "node:path";
import {
  guardStart,
  readState,
  rollBack,
  update,
  UpdateError,
} from "../../update/mod.ts";
import { linkedVersion } from "../../update/layout.ts";
import { FIRST, TestMachine } from "./machine.ts";
import { TARGET, TestRepository } from "./repository.ts";

/** One relay lives through all of it, with one message. */
Deno.test("a relay is updated, and taken back from what does not work", async (t) => {
  await using repository = await TestRepository.start();
  await using machine = await TestMachine.start(repository);
  const { layout } = machine;
  const links = async () => [
    await linkedVersion(layout, "current"),
    await linkedVersion(layout, "previous"),
  ];
  const triesOf = async (version: string) =>
    (await readState(layout)).failures[version]?.tries;

  await t.step("nothing new", async () => {
    assert.deepEqual(await update(machine.options()), {
      outcome: "newest",
      version: FIRST,
    });
  });

  await t.step("a good one", async () => {
    await repository.release("1.1.0", await machine.program("1.1.0"), {
      notes: "Faster.",
    });
    const looked = await update(machine.options(), { checkOnly: true });
    assert.deepEqual(looked, {
      outcome: "available",
      version: "1.1.0",
      notes: "Faster.",
      because: "only looked",
    });
    const result = await update(machine.options());
    assert.deepEqual(result, { outcome: "updated", version: "1.1.0" });
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
    await machine.until("1.1.0");
    await machine.checkMessage();
  });

  await t.step("the command, by its owner and by the timer", async () => {
    const checked = await machine.command("--check");
    assert.equal(checked.stdout, "Version 1.1.0 is the newest.\n");
    assert.equal(checked.code, 0);
    const early = await machine.command("--timer");
    assert.match(early.stdout, /not time/);
    const beta = await machine.command("--channel", "beta");
    assert.match(beta.stdout, /channel beta.*\n.*newest/);
    assert.equal((await readState(layout)).channel, "beta");
  });

  await t.step("one that cannot even say its version is not run", async () => {
    await repository.release("1.2.0", "#!/bin/sh\nexit 3\n");
    const code = (error: unknown) =>
      error instanceof UpdateError && error.code === "broken";
    await assert.rejects(update(machine.options()), code);
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
    assert.equal(await triesOf("1.2.0"), 1);
  });

  await t.step("one that hangs when asked for its version", async () => {
    await repository.release("1.2.1", "#!/bin/sh\nsleep 5\n");
    const code = (error: unknown) =>
      error instanceof UpdateError && error.code === "broken";
    const options = machine.options({ sayVersionMs: 500 });
    await assert.rejects(update(options), code);
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
  });

  await t.step("one that does not start", async () => {
    await repository.release("1.3.0", machine.spoilt("1.3.0", "ends"));
    const result = await update(machine.options());
    assert.equal(result.outcome, "went back");
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
    await machine.until("1.1.0");
    await machine.checkMessage();
  });

  await t.step("one that hangs, three times and not a fourth", async () => {
    await repository.release("1.4.0", machine.spoilt("1.4.0", "hangs"));
    for (let tries = 1; tries <= 3; tries++) {
      const result = await update(machine.options({ testMs: 1500 }));
      assert.equal(result.outcome, "went back");
      assert.equal(await triesOf("1.4.0"), tries);
      await machine.until("1.1.0");
    }
    const result = await update(machine.options());
    assert.deepEqual(result, {
      outcome: "available",
      version: "1.4.0",
      notes: undefined,
      because: "failed",
    });
    assert.match(
      JSON.stringify(await machine.ask("/update")),
      /"failed":\{.*"1\.4\.0":"It did not come up\."/,
    );
    await machine.checkMessage();
  });

  await t.step("one that starts and cannot be used", async () => {
    // There is one queue already.
    const full = await machine.program("1.5.0", "--set limits.queues=1");
    await repository.release("1.5.0", full);
    const result = await update(machine.options());
    assert.equal(result.outcome, "went back");
    assert.match(JSON.stringify(result), /cannot be used for messages/);
    await machine.until("1.1.0");
    await machine.checkMessage();
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
  });

  await t.step("another file than the signed one", async () => {
    const text = await machine.program("1.6.0");
    await repository.release("1.6.0", text);
    const path = repository.path(`1.6.0/porchlight-${TARGET}`);
    await Deno.writeTextFile(path, text.replace("exec", "eval"));
    const code = (error: unknown) =>
      error instanceof UpdateError && error.code === "untrusted";
    await assert.rejects(update(machine.options()), code);
    assert.deepEqual(await links(), ["1.1.0", FIRST]);
    await Deno.writeTextFile(path, text);
  });

  await t.step("with a wrong clock nothing is believed", async () => {
    const code = (error: unknown) =>
      error instanceof UpdateError && error.code === "clock";
    const now = () => new Date("2020-01-01T00:00:00Z");
    await assert.rejects(update(machine.options({ now })), code);
  });

  await t.step(
    "quiet hours, then the good one, then back by hand",
    async () => {
      const hour = new Date();
      const shown = (hours: number) =>
        `${String((hour.getHours() + hours + 24) % 24).padStart(2, "0")}:00`;
      const { config } = machine;
      const quiet = {
        ...config,
        update: { ...config.update, quietHours: `${shown(-2)}-${shown(2)}` },
      };
      const waited = await update(machine.options({ config: quiet }));
      assert.equal(waited.outcome, "available");
      const result = await update(machine.options());
      assert.deepEqual(result, { outcome: "updated", version: "1.6.0" });
      assert.deepEqual(await links(), ["1.6.0", "1.1.0"]);
      await machine.checkMessage();
      const back = await rollBack(machine.options());
      assert.deepEqual(back, { outcome: "updated", version: "1.1.0" });
      await machine.until("1.1.0");
      // It is not put in place again by itself.
      const again = await update(machine.options(), { byTimer: false });
      assert.equal(again.outcome, "available");
      await machine.checkMessage();
    },
  );

  await t.step("the guard mends a link that leads nowhere", async () => {
    const current = join(layout.programs, "current");
    await Deno.remove(current);
    await Deno.symlink("versions/9.9.9", current);
    assert.match(await guardStart(layout) ?? "", /damaged/);
    assert.equal(await linkedVersion(layout, "current"), "1.6.0");
  });
});
