import assert from "node:assert/strict";
import { join } from "node:path";
import {
  isOnionHost,
  ONION_KEY_FILE,
  onionHost,
  readOnionKey,
  readOrMakeOnionKey,
  TorError,
} from "./mod.ts";

// Two names of the Tor project's own services.
const names = [
  "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion",
  "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion",
];

Deno.test("names of onion services carry their checksum", () => {
  for (const name of names) {
    assert.equal(isOnionHost(name), true, name);
    assert.equal(isOnionHost(name.replace(/^./, "a")), false);
    assert.equal(isOnionHost(name.toUpperCase()), false);
  }
  for (const name of ["", "x.onion", `${"a".repeat(56)}.onion`, "a.org"]) {
    assert.equal(isOnionHost(name), false, name);
  }
  assert.throws(() => onionHost(new Uint8Array(31)), RangeError);
});

Deno.test("the key stays the same, is the owner's alone, and a damaged one is not replaced", async () => {
  const directory = await Deno.makeTempDir();
  try {
    assert.equal(await readOnionKey(directory), undefined);
    const made = await readOrMakeOnionKey(directory);
    const read = await readOrMakeOnionKey(directory);
    assert.equal(read.host, made.host);
    assert.equal(read.controlText, made.controlText);
    assert.equal(isOnionHost(made.host), true);
    assert(!Deno.inspect(made, { depth: 9 }).includes("BEGIN"));
    const path = join(directory, ONION_KEY_FILE);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    await Deno.writeTextFile(path, "noise");
    await assert.rejects(
      readOrMakeOnionKey(directory),
      (error) => error instanceof TorError && error.code === "key",
    );
    assert.equal(await Deno.readTextFile(path), "noise");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
