import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import { ReleaseError } from "./error.ts";
import { makeKey, readKeys } from "./keys.ts";

const PASSPHRASE = "correct horse battery";

Deno.test("a key is kept behind its passphrase, and nobody else may read it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const made = await makeKey("root", {
      directory,
      passphrase: PASSPHRASE,
      cost: 1024,
    });
    const [{ name }] = [...Deno.readDirSync(directory)];
    const path = join(directory, name);
    const { mode } = await Deno.stat(path);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    const read = (passphrase: string) =>
      readKeys("root", { directory, passphrases: () => passphrase });
    const [key] = await read(PASSPHRASE);
    assert.equal(key.id, made.id);
    const data = new TextEncoder().encode("data");
    const publicKey = createPublicKey(made.publicPem);
    assert(verify(null, data, publicKey, key.sign(data)));
    await assert.rejects(read("another one"), ReleaseError);
    // A bit of it changed.
    const text = await Deno.readTextFile(path);
    const file = JSON.parse(text);
    const { box } = file.secret;
    file.secret.box = (box[0] === "0" ? "1" : "0") + box.slice(1);
    await Deno.writeTextFile(path, JSON.stringify(file));
    await assert.rejects(read(PASSPHRASE), ReleaseError);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a short passphrase is none, and root keys have to have one", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await assert.rejects(
      makeKey("root", { directory, passphrase: "short" }),
      ReleaseError,
    );
    await assert.rejects(makeKey("root", { directory }), ReleaseError);
    await makeKey("timestamp", { directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
