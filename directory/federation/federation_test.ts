import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import type { Identity } from "../../relay/identity/mod.ts";
import { bytesKey, toBase64Url } from "../../relay/wire/mod.ts";
import { TestRelay } from "../../tests/server/harness.ts";
import type { SyncPage } from "../api/mod.ts";
import { signDescriptor, type SignedDescriptor } from "../descriptor/mod.ts";
import { signMeasurement } from "../protocol/mod.ts";
import {
  sampleDescriptor,
  signedSample,
  TestDirectory,
  TestSigner,
} from "../testing.ts";
import { merge, Puller } from "./mod.ts";

const NOW = Math.floor(Date.now() / 1000);

function pullerOf(test: TestDirectory, from: readonly TestDirectory[]): Puller {
  return new Puller({
    registry: test.directory.registry,
    peers: from.map(({ address }) => address),
    maxHeard: 100,
    intervalMs: 60_000,
    onError: (error) => assert.fail(String(error)),
  });
}

function descriptorOf({ relay }: TestRelay, sequence = 1): SignedDescriptor {
  const hosts = ["127.0.0.1"];
  return signDescriptor(
    sampleDescriptor(relay.identity, {
      sequence,
      addresses: [{ scheme: "smp", hosts, port: relay.ports[0] }],
    }),
    relay.identity,
  );
}

/** Registers a relay and probes it. */
async function list(test: TestDirectory, relay: TestRelay): Promise<void> {
  await using client = test.client();
  const { identity } = relay.relay;
  await client.register(descriptorOf(relay), new TestSigner(identity).next());
  await probe(test, identity);
}

async function probe(test: TestDirectory, { fingerprint }: Identity) {
  const { registry, probes } = test.directory;
  const record = registry.find(bytesKey(fingerprint));
  assert.ok(record);
  await probes.probe(record);
  return record;
}

Deno.test("directories learn of each other's relays, and go on without each other", async () => {
  await using one = await TestDirectory.start();
  const two = await TestDirectory.start();
  await using relayA = await TestRelay.start();
  await using relayB = await TestRelay.start();
  await list(one, relayA);
  await list(two, relayB);
  {
    await using toOne = pullerOf(one, [two]);
    await using toTwo = pullerOf(two, [one]);
    await toOne.pull(two.address);
    await toTwo.pull(one.address);
    assert.equal(toOne.status()[0].added, 1);
    assert.equal(toOne.status()[0].refused, 0);
    assert.equal(toTwo.status()[0].measurements, 1);
    // What one has learned goes on to others, and comes back to nobody's harm.
    await toOne.pull(two.address);
    assert.equal(toOne.status()[0].added, 1);
  }
  const fingerprint = relayB.relay.identity.fingerprint;
  // Known, and not told to apps before it was seen from here.
  {
    await using client = one.client();
    assert.equal((await client.relays()).length, 1);
    const page = await client.history(fingerprint);
    assert.equal(page.standing, "new");
    assert.equal(page.others[0].directory, two.identity.fingerprintText);
    assert.equal(page.others[0].windows[0].probes, 1);
  }
  const record = await probe(one, relayB.relay.identity);
  assert.equal(record.standing, "probation");
  assert.equal(record.registered, false);
  await two[Symbol.asyncDispose]();

  await using client = one.client();
  assert.equal((await client.relays()).length, 2);
  await using puller = pullerOf(one, [two]);
  await assert.rejects(puller.pull(two.address), { kind: "unreachable" });
  // It takes no heartbeats for those that never asked to be listed here.
  const signer = new TestSigner(relayB.relay.identity);
  const heartbeat = client.heartbeat(
    { full: false, numbers: {} },
    signer.next(),
  );
  await assert.rejects(heartbeat, { kind: "unknown" });
  await client.register(descriptorOf(relayB, 2), signer.next());
  assert.equal(record.registered, true);
  assert.deepEqual(one.errors, []);
});

Deno.test("pages are taken up where they were left off", async () => {
  await using one = await TestDirectory.start();
  await using two = await TestDirectory.start();
  const { registry } = two.directory;
  for (let each = 0; each < 130; each++) {
    const record = registry.add(signedSample(identityInMemory()), {
      registered: true,
    });
    assert.ok(typeof record === "object");
    registry.noteProbe(record, { milliseconds: 50 });
  }
  await using client = two.client();
  const first = await client.sync("");
  assert.equal(first.relays.length, 100);
  assert.equal(first.more, true);
  const second = await client.sync(first.cursor);
  assert.equal(second.relays.length, 30);
  assert.equal(second.more, false);
  assert.equal((await client.sync(second.cursor)).relays.length, 0);
  {
    await using puller = pullerOf(one, [two]);
    await puller.pull(two.address);
    // No more than it may hear of.
    assert.equal(one.directory.registry.size, 100);
    assert.equal(puller.status()[0].added, 100);
  }
  // The other one starts anew: everything is told again, nothing is doubled.
  await two.restart();
  await using puller = pullerOf(one, [two]);
  await puller.pull(two.address);
  assert.equal(one.directory.registry.size, 100);
});

Deno.test("long descriptors make short pages", async () => {
  await using one = await TestDirectory.start();
  await using two = await TestDirectory.start();
  const { registry } = two.directory;
  const hosts = Array.from(
    { length: 8 },
    (_, at) => `${"long.".repeat(46)}${at}.example`,
  );
  for (let each = 0; each < 100; each++) {
    const identity = identityInMemory();
    const [leaf, ca] = identity.chain;
    const signed = signDescriptor(
      sampleDescriptor(identity, {
        addresses: [{ scheme: "smp", hosts, port: 5223 }],
      }),
      {
        fingerprint: identity.fingerprint,
        // As long as a chain may be.
        chain: [leaf, ca, ca, ca],
        sign: (message) => identity.sign(message),
      },
    );
    assert.ok(signed.bytes.length > 3000, `${signed.bytes.length}`);
    const record = registry.add(signed, { registered: true });
    assert.ok(typeof record === "object");
    registry.noteProbe(record, { milliseconds: 50 });
  }
  await using client = two.client();
  const first = await client.sync("");
  await using puller = pullerOf(one, [two]);
  await puller.pull(two.address);
  assert.equal(one.directory.registry.size, 100);
  assert.ok(JSON.stringify(first).length < 800_000);
});

Deno.test("a directory that lies changes little", async () => {
  await using test = await TestDirectory.start();
  const { registry } = test.directory;
  const [liar, honest, relay] = [
    identityInMemory(),
    identityInMemory(),
    identityInMemory(),
  ];
  const page = (
    rest: Partial<SyncPage>,
    of: Identity = liar,
  ): SyncPage => ({
    directory: of.fingerprintText,
    chain: of.chain.map(toBase64Url),
    cursor: "x.1",
    more: false,
    relays: [],
    ...rest,
  });
  const take = (given: SyncPage, directory: Identity = liar) =>
    merge(given, { registry, directory: directory.fingerprint, room: 10 });
  const measured = (
    by: Pick<Identity, "fingerprint" | "sign">,
    { probes, failed }: { probes: number; failed: number },
    fingerprint = relay.fingerprint,
  ) => {
    const window = { probes, failed, milliseconds: 10 };
    const windows = [window, window, window];
    return toBase64Url(
      signMeasurement({ fingerprint, time: NOW, windows }, by),
    );
  };
  const descriptor = signedSample(relay, { sequence: 5, region: "Europe" });
  const text = toBase64Url(descriptor.bytes);
  take(page({ relays: [{ descriptor: text }] }));
  const record = registry.find(bytesKey(relay.fingerprint));
  assert.ok(record);

  // Words that the relay has not said, or does not say any more.
  const forged = signDescriptor(sampleDescriptor(relay, { sequence: 9 }), {
    fingerprint: relay.fingerprint,
    chain: liar.chain,
    sign: (message) => liar.sign(message),
  });
  const old = signedSample(relay, { sequence: 4, region: "Asia" });
  const counts = take(page({
    relays: [
      { descriptor: toBase64Url(forged.bytes) },
      { descriptor: toBase64Url(old.bytes) },
      { descriptor: "AAAA" },
    ],
  }));
  assert.equal(counts.refused, 2);
  assert.equal(record.signed.descriptor.sequence, 5);

  // Measurements in the name of another, and of another relay.
  const asHonest = {
    fingerprint: honest.fingerprint,
    sign: (message: Uint8Array) => liar.sign(message),
  };
  const good = { probes: 1000, failed: 0 };
  for (
    const measurement of [
      measured(asHonest, good),
      measured(honest, good),
      measured(liar, good, honest.fingerprint),
      "AAAA",
    ]
  ) {
    const { refused } = take(
      page({ relays: [{ descriptor: text, measurement }] }),
    );
    assert.equal(refused, 1);
  }
  // With the other's certificates, which everybody has.
  const stolen = page({
    chain: honest.chain.map(toBase64Url),
    relays: [{ descriptor: text, measurement: measured(liar, good) }],
  });
  assert.equal(take(stolen).measurements, 0);
  assert.equal(record.measurements.size, 0);

  // Its own lies: they make nobody established, nor listed at all.
  const praise = measured(liar, good);
  take(page({ relays: [{ descriptor: text, measurement: praise }] }));
  assert.equal(record.measurements.size, 1);
  assert.equal(record.standing, "new");
  await using client = test.client();
  assert.deepEqual(await client.relays(), []);
  // Of two, the lower one counts.
  const sober = measured(honest, { probes: 1000, failed: 500 });
  take(
    page({ relays: [{ descriptor: text, measurement: sober }] }, honest),
    honest,
  );
  registry.noteProbe(record, { milliseconds: 50 });
  const { uptime } = registry.verdict(record);
  assert.ok(uptime > 0.4 && uptime < 0.6, `${uptime}`);
  // What was measured here decides, as soon as there is enough of it.
  for (let probes = 0; probes < 19; probes++) {
    registry.noteProbe(record, { milliseconds: 50 });
  }
  assert.equal(registry.verdict(record).uptime, 1);
  // What is passed on as own was measured here.
  const [passed] = (await client.sync("")).relays;
  assert.ok(passed.measurement);
  const other = await TestDirectory.start();
  await using _other = other;
  await using puller = pullerOf(other, [test]);
  await puller.pull(test.address);
  const there = other.directory.relay(relay.fingerprint);
  assert.equal(there?.others[0].windows[0].probes, 20);
});
