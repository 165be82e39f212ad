import assert from "node:assert/strict";
import { join } from "node:path";
import { commandLine, porchlight, RunningCommand } from "../../cli/testing.ts";
import { inDirectory, makeUpServer } from "../../relay/migrate/testing.ts";

Deno.test("an import that is killed loses nothing and can be repeated", () =>
  inDirectory(async (root) => {
    const old = join(root, "old");
    const data = join(root, "data");
    await makeUpServer(old, {
      queues: 5000,
      messages: 4,
      bodySize: 4000,
      store: "log",
    });
    const args = ["import", old, "--data", data];
    const command = new RunningCommand(commandLine(...args));
    await until(() =>
      Deno.statSync(join(data, ".import", "relay.db-wal")).size > 1_000_000
    );
    await command.stop("SIGKILL");
    assert.equal(command.stdout, "");
    const left = [...Deno.readDirSync(data)].map(({ name }) => name).sort();
    assert.deepEqual(left, [".import", "relay.lock"]);

    const dry = await porchlight([...args, "--dry-run"]);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /This would be taken:\n +5000 {2}queues/);
    const again = await porchlight(args);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /5000 {2}queues\n +20000 {2}messages/);
    assert.equal(again.stderr, "");
    const third = await porchlight(args);
    assert.equal(third.code, 1);
    assert.match(third.stderr, /has an identity and queues or files already/);
  }));

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 4000; i++) {
    try {
      if (holds()) return;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("The import never came so far");
}
