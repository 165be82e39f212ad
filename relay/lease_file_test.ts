import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../config/mod.ts";
import { formatCoreAddress } from "../tunnel/core_address.ts";
import { configuredLease, readLease, saveLease } from "./lease_file.ts";

const core = { fingerprint: new Uint8Array(32).fill(7) };
const other = { fingerprint: new Uint8Array(32).fill(8) };
const lease = { name: "oak.relays.example.org", port: 20_001 };

async function inDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a lease is kept for the core that gave it, and for no other", () =>
  inDirectory(async (directory) => {
    assert.equal(await readLease(directory, core), undefined);
    await saveLease(directory, core, lease);
    assert.deepEqual(await readLease(directory, core), lease);
    assert.equal(await readLease(directory, other), undefined);
    const { mode } = await Deno.stat(join(directory, "lease.json"));
    assert.equal((mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("the settings say whose lease counts", () =>
  inDirectory(async (directory) => {
    await saveLease(directory, core, lease);
    const at = (...set: string[]) =>
      configuredLease(
        loadConfig({ set: [`data.directory=${directory}`, ...set], env: {} }),
      );
    const address = (of: typeof core) =>
      formatCoreAddress({ ...of, hosts: ["relays.example.org"], port: 443 });
    assert.equal(await at(), undefined);
    assert.deepEqual(await at(`path.core=${address(core)}`), lease);
    assert.equal(await at(`path.core=${address(other)}`), undefined);
  }));

Deno.test("what a hand has broken is no lease", () =>
  inDirectory(async (directory) => {
    await saveLease(directory, core, lease);
    const file = join(directory, "lease.json");
    const good = await Deno.readTextFile(file);
    for (
      const text of [
        "",
        "null",
        "[]",
        "{",
        good.replace("20001", "0"),
        good.replace("20001", "65536"),
        good.replace("20001", '"20001"'),
        good.replace("name", "label"),
      ]
    ) {
      await Deno.writeTextFile(file, text);
      assert.equal(await readLease(directory, core), undefined, text);
    }
  }));
