import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import { join } from "node:path";
import { Registry } from "../registry/mod.ts";
import { sampleDescriptor, signedSample } from "../testing.ts";
import { examine, ProbeScheduler, type ProbeSchedulerOptions } from "./mod.ts";

async function withScheduler(
  options: Partial<ProbeSchedulerOptions>,
  test: (
    parts: {
      registry: Registry;
      probes: ProbeScheduler;
      pass(ms: number): void;
    },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  let passed = 0;
  const registry = new Registry({
    path: join(folder, "directory.db"),
    maxRelays: 100,
    rules: { probationDays: 0, probes: 1 },
    onError: (error) => assert.fail(String(error)),
    now: () => Date.now() + passed,
  });
  const probes = new ProbeScheduler({
    registry,
    atOnce: 3,
    intervalMs: 3_600_000,
    timeoutMs: 1000,
    tickMs: 10,
    onError: (error) => assert.fail(String(error)),
    ...options,
  });
  try {
    const pass = (ms: number) => void (passed += ms);
    await test({ registry, probes, pass });
  } finally {
    await probes.stop();
    registry[Symbol.dispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

const options = {
  timeoutMs: 1000,
  full: true,
  signal: new AbortController().signal,
};

Deno.test("nothing inside of this network is probed", async () => {
  const identity = identityInMemory();
  for (const host of ["127.0.0.1", "10.0.0.1", "::1", "localhost"]) {
    const descriptor = sampleDescriptor(identity, {
      addresses: [{ scheme: "smp", hosts: [host], port: 5223 }],
    });
    const { milliseconds, failure } = await examine(descriptor, options);
    assert.equal(milliseconds, undefined);
    assert.match(failure?.text ?? "", /not one that the world can reach/);
  }
  const ssh = sampleDescriptor(identity, {
    addresses: [{ scheme: "smp", hosts: ["203.0.113.1"], port: 22 }],
  });
  assert.match((await examine(ssh, options)).failure?.text ?? "", /Port 22/);
  const onion = sampleDescriptor(identity, {
    addresses: [
      { scheme: "smp", hosts: [`${"a".repeat(56)}.onion`], port: 5223 },
    ],
  });
  assert.match((await examine(onion, options)).failure?.text ?? "", /onion/);
});

Deno.test("all relays are probed in turn, few at a time", async () => {
  const probed = new Map<string, number>();
  let running = 0;
  let most = 0;
  await withScheduler({
    intervalMs: 200,
    examine: async ({ fingerprint }) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      const key = fingerprint.toHex();
      probed.set(key, (probed.get(key) ?? 0) + 1);
      return { milliseconds: 50 };
    },
  }, async ({ registry, probes }) => {
    for (let each = 0; each < 12; each++) {
      registry.add(signedSample(identityInMemory()), { registered: true });
    }
    probes.start();
    const deadline = Date.now() + 20_000;
    while ([...probed.values()].filter((times) => times >= 2).length < 12) {
      assert.ok(Date.now() < deadline, `${[...probed.values()]}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(most <= 3, `${most}`);
    for (const record of registry.all()) {
      assert.equal(record.standing, "established");
    }
  });
});

Deno.test("when all fail at once, it is the directory that is cut off", async () => {
  let connected = true;
  await withScheduler({
    examine: () =>
      Promise.resolve(
        connected
          ? { milliseconds: 50 }
          : { milliseconds: undefined, failure: { text: "Nothing answers." } },
      ),
  }, async ({ registry, probes }) => {
    for (let each = 0; each < 20; each++) {
      registry.add(signedSample(identityInMemory()), { registered: true });
    }
    const records = [...registry.all()];
    for (const record of records) await probes.probe(record);
    connected = false;
    for (let turn = 0; turn < 3; turn++) {
      for (const record of records) await probes.probe(record);
    }
    assert.equal(probes.counts().failed, 60);
    assert.equal(probes.counts().passedOver, 53);
    connected = true;
    for (const record of records) await probes.probe(record);
    const failed = records.map((record) =>
      registry.verdict(record).windows[0].failed
    );
    assert.equal(failed.reduce((sum, each) => sum + each, 0), 7);
    // Failures that are looked at again soon count once.
    connected = false;
    for (let turn = 0; turn < 5; turn++) await probes.probe(records[0]);
    const { failed: after } = registry.verdict(records[0]).windows[0];
    assert.equal(after, failed[0] + 1);
    assert.equal(records[0].history.recent().length, 7 + (failed[0] ? 1 : 0));
  });
});
