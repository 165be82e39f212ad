import assert from "node:assert/strict";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import {
  commandLine,
  inDirectory,
  porchlight,
  RunningCommand,
} from "../../cli/testing.ts";

const settings = ["--set", "listen.addresses=127.0.0.1", "--set"];

Deno.test("porchlight backup and restore, of a relay that runs", async () => {
  await inDirectory(async (directory) => {
    const data = join(directory, "old");
    const secret = join(directory, "passphrase");
    const file = join(directory, "relay.age");
    await Deno.writeTextFile(secret, "five words that are good\nmore\n");
    const running = new RunningCommand(
      commandLine("start", "--data", data, ...settings, "listen.ports=0"),
    );
    let stopped = false;
    try {
      await running.shows(/smp:\/\//);
      const { code, stdout, stderr } = await porchlight([
        ...["backup", file, "--data", data, "--passphrase-file", secret],
      ]);
      assert.equal(code, 0, stderr);
      const fingerprint = (await Deno.readTextFile(join(data, "fingerprint")))
        .trim();
      assert.ok(stdout.includes(`Fingerprint: ${fingerprint}`), stdout);

      const again = await porchlight([
        ...["backup", file, "--data", data, "--passphrase-file", secret],
      ]);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /already/);

      const place = join(directory, "new");
      const args = ["restore", file, "--data", place];
      const wrong = await porchlight(args, {
        env: { PORCHLIGHT_PASSPHRASE: "another passphrase" },
      });
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /does not open/);
      const nobody = await porchlight(args);
      assert.equal(nobody.code, 2);
      assert.match(nobody.stderr, /--passphrase-file/);
      const env = { PORCHLIGHT_PASSPHRASE: "five words that are good" };
      const checked = await porchlight([...args, "--dry-run"], { env });
      assert.equal(checked.code, 0, checked.stderr);
      const restored = await porchlight(args, { env });
      assert.equal(restored.code, 0, restored.stderr);
      assert.ok(restored.stdout.includes(fingerprint), restored.stdout);
      for (const name of ["ca.key", "porchlight.toml", "relay.db"]) {
        const { mode } = await Deno.stat(join(place, name));
        assert.equal(Number(mode) & 0o777, 0o600, name);
      }
      await Deno.stat(join(place, "statistics.json"));
      const address = await porchlight(["address", "--data", place]);
      assert.ok(address.stdout.includes(fingerprint), address.stdout);
      await running.stop();
      stopped = true;
    } finally {
      if (!stopped) await running.stop("SIGKILL");
    }
  });
});

Deno.test("a backup for a key of age opens with that key alone", async () => {
  await inDirectory(async (directory) => {
    const data = join(directory, "old");
    await porchlight(["init", "--data", data]);
    const key = await generateIdentity();
    const keyFile = join(directory, "key.txt");
    await Deno.writeTextFile(keyFile, `# a key\n${key}\n`);
    const file = join(directory, "relay.age");
    const made = await porchlight([
      ...["backup", file, "--data", data],
      ...["--recipient", await identityToRecipient(key)],
    ]);
    assert.equal(made.code, 0, made.stderr);
    const args = ["restore", file, "--data", join(directory, "new")];
    await Deno.writeTextFile(keyFile + "2", await generateIdentity());
    const other = await porchlight([...args, "--key-file", keyFile + "2"]);
    assert.match(other.stderr, /does not open/);
    const restored = await porchlight([...args, "--key-file", keyFile]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.deepEqual(
      await Deno.readFile(join(directory, "new", "ca.key")),
      await Deno.readFile(join(data, "ca.key")),
    );
  });
});
