import assert from "node:assert/strict";
import { join } from "node:path";
import { BackupSchedule, restoreBackup } from "../../backup/mod.ts";
import { createSecured, sends } from "../server/commands.ts";
import { TestRelay } from "../server/harness.ts";

const passphrase = "five words that are good";

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!await holds()) {
    assert.ok(performance.now() < end, "it never came to that");
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

Deno.test("a relay backs itself up, keeps some, and says when the drive is away", async () => {
  const directory = await Deno.makeTempDir();
  const drive = join(directory, "drive");
  const secret = join(directory, "passphrase");
  await Deno.writeTextFile(secret, `${passphrase}\n`);
  await using relay = await TestRelay.start({
    set: [
      `backup.directory=${drive}`,
      "backup.keep=2",
      `backup.passphrase_file=${secret}`,
    ],
  });
  await using client = await relay.connect();
  const { to } = await createSecured(client, { subscribe: false });
  assert.equal(await sends(client, "kept", to), "OK");
  const problems: (string | undefined)[] = [];
  const { fingerprintText: fingerprint } = relay.relay.identity;
  const made = async () =>
    (await Array.fromAsync(Deno.readDir(drive)))
      .map(({ name }) => name).sort();
  await using schedule = new BackupSchedule({
    config: relay.config,
    settingsFile: join(relay.config.data.directory, "porchlight.toml"),
    fingerprint,
    save: () => relay.relay.control.save(),
    onProblem: (reason) => problems.push(reason),
    firstMs: 10,
    lookMs: 100,
  });
  schedule.start();
  await until(() => problems.length > 0);
  assert.match(String(problems[0]), /no directory/);
  await Deno.mkdir(drive);
  // Older ones, and what is not ours.
  const prefix = `porchlight-${fingerprint.slice(0, 8)}-`;
  const others = ["photo.jpg", "porchlight-otherone-20200101T000000Z.age"];
  const old = ["20240101T000000Z", "20240102T000000Z"]
    .map((time) => `${prefix}${time}.age`);
  for (const name of [...others, ...old]) {
    await Deno.writeTextFile(join(drive, name), "old");
  }
  await until(() => problems.at(-1) === undefined);
  await until(async () => (await made()).length === 4);
  const names = await made();
  for (const name of others) assert.ok(names.includes(name));
  assert.ok(!names.includes(old[0]) && names.includes(old[1]));
  const newest = names.findLast((name) =>
    name.startsWith(prefix) && !old.includes(name)
  );
  assert.ok(newest !== undefined);
  // The next one is not due for a day.
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(await made(), names);
  // Still served: the backup dropped no lock of the database.
  assert.equal(await sends(client, "later", to), "OK");
  const place = join(directory, "new");
  await restoreBackup({
    source: join(drive, newest),
    directory: place,
    keys: { passphrase },
  });
  await using restored = await TestRelay.start({ directory: place });
  assert.equal(restored.relay.counts().messages, 1);
  await restored.relay.stop();
  await Deno.remove(drive, { recursive: true });
  await Deno.remove(secret);
});
