/**
 * `porchlight relays` with directories and relays on loopback.
 *
 * @module
 */

import assert from "node:assert/strict";
import { porchlight } from "../../cli/testing.ts";
import { TestDirectory } from "../../directory/testing.ts";
import { bytesKey } from "../../relay/wire/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { formatCoreAddress } from "../../tunnel/core_address.ts";
import { eventually } from "../core/world.ts";
import { TestRelay } from "../server/harness.ts";

/** A relay in a network of its own, listed in these directories. */
function listed(
  network: number,
  directories: readonly TestDirectory[],
  ...set: string[]
): Promise<TestRelay> {
  const addresses = directories.map(({ address }) =>
    formatCoreAddress(address)
  );
  return TestRelay.start({
    set: [
      `listen.addresses=127.0.${network}.1`,
      `address.hosts=127.0.${network}.1`,
      "share.listed=public",
      "xftp.enabled=false",
      `directories.addresses=${JSON.stringify(addresses)}`,
      ...set,
    ],
  });
}

Deno.test("relays --pick 2 asks several directories and shows two that differ", async () => {
  await using first = await TestDirectory.start();
  await using second = await TestDirectory.start();
  const both = [first, second];
  await using stack = new AsyncDisposableStack();
  const start = async (...args: Parameters<typeof listed>) =>
    stack.use(await listed(...args));
  const relays = await Promise.all([
    start(11, both, "share.family=one", "share.region=Europe"),
    start(12, [first], "share.family=one", "share.region=Europe"),
    start(13, [second], "share.family=two", "xftp.enabled=true"),
    start(14, both, "share.family=three", "share.connections=1"),
    start(15, both),
  ]);
  const key = ({ relay }: TestRelay) => bytesKey(relay.identity.fingerprint);
  const wanted: (readonly [TestDirectory, TestRelay])[] = [
    ...[0, 1, 3, 4].map((at) => [first, relays[at]] as const),
    ...[0, 2, 3, 4].map((at) => [second, relays[at]] as const),
  ];
  for (const [{ directory }, relay] of wanted) {
    const find = () => directory.registry.find(key(relay));
    await eventually(() => find() !== undefined, 30_000);
    const record = find();
    assert.ok(record);
    await directory.probes.probe(record);
    assert.equal(record.standing, "probation", record.failure?.text);
  }
  // One is full, one dies.
  const app = await dialTls("127.0.14.1", relays[3].relay.ports[0], {
    alpn: ["smp/1"],
  });
  stack.defer(() => app.close());
  await eventually(
    () =>
      both.every(({ directory }) =>
        directory.registry.find(key(relays[3]))?.full
      ),
    40_000,
  );
  await relays[4].relay.stop();

  const ask = both.flatMap(({ address }) => [
    "--directory",
    formatCoreAddress(address),
  ]);
  const { code, stdout, stderr } = await porchlight([
    "relays",
    "--pick",
    "2",
    "--json",
    ...ask,
  ]);
  assert.equal(code, 0, stderr);
  const answer = JSON.parse(stdout);
  const families = answer.relays.map(({ family }: { family: string }) =>
    family
  );
  assert.deepEqual(families.toSorted(), ["one", "two"]);
  const known = answer.relays.concat(answer.others)
    .map(({ address }: { address: string }) => address);
  assert.ok(!known.includes(relays[3].relay.addresses()[0]));
  const dead = answer.others.find(({ address }: { address: string }) =>
    address === relays[4].relay.addresses()[0]
  );
  assert.ok(dead !== undefined && dead.milliseconds === undefined);

  const files = await porchlight(["relays", "--role", "xftp", ...ask]);
  assert.equal(files.code, 0, files.stderr);
  assert.match(files.stdout, /1 relay was tried from here\. The best one:/);
  assert.match(files.stdout, /xftp:\/\/[\w=-]+@127\.0\.13\.1:\d+/);
  assert.match(files.stdout, /[▄▀█]{10}/);

  // A directory that is gone is told of, and does no harm.
  await second.restart((async () => {
    const alone = await porchlight(["relays", "--pick", "1", ...ask]);
    assert.equal(alone.code, 0, alone.stderr);
    assert.match(alone.stdout, /127\.0\.0\.1 did not help/);
  })());
  const none = await porchlight(["relays", "--region", "Nowhere", ...ask]);
  assert.equal(none.code, 1);
  assert.match(none.stdout, /No directory knows a relay like that/);
  const wrong = await porchlight(["relays", "--pick", "many", ...ask]);
  assert.match(wrong.stderr, /--pick takes a number from 1 to 20/);
});
