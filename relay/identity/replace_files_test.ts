import assert from "node:assert/strict";
import { join } from "node:path";
import {
  createIdentity,
  loadIdentity,
  loadOrCreateIdentity,
  renewOnlineCertificate,
} from "./create.ts";
import { NAMES, names, rejects, withDirectory } from "./testing.ts";

Deno.test("creation interrupted at any file is finished by the next start", async () => {
  for (let moved = 0; moved <= NAMES.length; moved++) {
    await withDirectory(async (parent) => {
      const done = await createIdentity(join(parent, "done"));
      const directory = join(parent, "interrupted");
      const pending = join(directory, ".identity-new");
      await Deno.mkdir(pending, { recursive: true });
      // What was being written when an earlier attempt died.
      await Deno.mkdir(join(directory, ".identity-tmp"));
      await Deno.writeTextFile(join(directory, ".identity-tmp", "ca.crt"), "");
      for (const [i, name] of NAMES.entries()) {
        await Deno.copyFile(
          join(parent, "done", name),
          join(i < moved ? directory : pending, name),
        );
      }
      const identity = await loadOrCreateIdentity(directory);
      assert.equal(identity.fingerprintText, done.fingerprintText);
      await renewOnlineCertificate(directory);
      assert.deepEqual(names(directory), NAMES);
    });
  }
});

Deno.test("creation interrupted before the commit leaves no identity", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(join(directory, ".identity-tmp"));
    await Deno.writeTextFile(join(directory, ".identity-tmp", "ca.key"), "x");
    await rejects(loadIdentity(directory), "missing", /no identity/);
    await loadOrCreateIdentity(directory);
    assert.deepEqual(names(directory), NAMES);
  });
});

Deno.test("renewal interrupted between certificate and key is finished", async () => {
  for (const moved of [[], ["server.crt"], ["server.key"]]) {
    await withDirectory(async (parent) => {
      const directory = join(parent, "relay");
      const old = await createIdentity(directory);
      const copy = join(parent, "copy");
      await Deno.mkdir(copy);
      for (const name of NAMES) {
        await Deno.copyFile(join(directory, name), join(copy, name));
      }
      const renewed = await renewOnlineCertificate(copy);
      const pending = join(directory, ".identity-new");
      await Deno.mkdir(pending);
      for (const name of ["server.crt", "server.key"]) {
        await Deno.copyFile(
          join(copy, name),
          join(moved.includes(name) ? directory : pending, name),
        );
      }
      const loaded = await loadIdentity(directory);
      assert.equal(loaded.fingerprintText, old.fingerprintText);
      assert.deepEqual(loaded.chain, renewed.chain);
      assert.deepEqual(names(directory), NAMES);
    });
  }
});

Deno.test("a backup restored over an interrupted change wins", async () => {
  await withDirectory(async (parent) => {
    const backup = await createIdentity(join(parent, "backup"));
    await createIdentity(join(parent, "fresh"));
    const directory = join(parent, "relay");
    const pending = join(directory, ".identity-new");
    await Deno.mkdir(pending, { recursive: true });
    for (const name of NAMES) {
      await Deno.copyFile(join(parent, "fresh", name), join(pending, name));
      await Deno.copyFile(join(parent, "backup", name), join(directory, name));
    }
    const identity = await loadOrCreateIdentity(directory);
    assert.equal(identity.fingerprintText, backup.fingerprintText);
    assert.deepEqual(names(directory), NAMES);
  });
});
