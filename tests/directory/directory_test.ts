/**
 * Cores with directories, as they run, and relays that they list.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Core } from "../../core/core.ts";
import {
  DirectoryClient,
  type Role,
  signDescriptor,
  type SignedDescriptor,
} from "../../directory/mod.ts";
import type { Relay } from "../../relay/relay.ts";
import { bytesKey } from "../../relay/wire/mod.ts";
import {
  type CoreAddress,
  parseCoreAddress,
} from "../../tunnel/core_address.ts";
import { eventually, makeWorld } from "../core/world.ts";
import { TestRelay } from "../server/harness.ts";

const SETTINGS = ["directory.work_bits=8", "directory.pull_interval=10s"];

/** Where the core is for those on this machine. */
function addressOf(core: Core): CoreAddress {
  return { ...parseCoreAddress(core.address), hosts: ["127.0.0.1"] };
}

function say({ identity, ports }: Relay, roles: Role[]): SignedDescriptor {
  const now = Math.floor(Date.now() / 1000);
  const schemes = (["smp", "xftp"] as const)
    .filter((each) => roles.includes(each));
  return signDescriptor({
    fingerprint: identity.fingerprint,
    sequence: 1,
    notBefore: now,
    notAfter: now + 86_400,
    addresses: schemes.map((scheme) => ({
      scheme,
      hosts: ["127.0.0.1"],
      port: ports[0],
    })),
    roles,
    open: true,
    full: false,
    software: "porchlight test",
    limits: {},
  }, identity);
}

/** One run of a relay's program, as directories see it. */
class Reporter {
  readonly #relay: Relay;
  readonly #instance = crypto.getRandomValues(new Uint8Array(8));
  #sequence = 0;

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  async register(client: DirectoryClient, roles: Role[]): Promise<void> {
    await client.register(say(this.#relay, roles), this.#signing());
  }

  async leave(client: DirectoryClient): Promise<void> {
    await client.leave(Math.floor(Date.now() / 1000) + 3600, this.#signing());
  }

  #signing() {
    const { identity } = this.#relay;
    const sequence = ++this.#sequence;
    return { identity, instance: this.#instance, sequence };
  }
}

async function probe({ directory }: Core, { identity }: Relay) {
  const record = directory?.registry.find(bytesKey(identity.fingerprint));
  assert.ok(directory && record);
  await directory.probes.probe(record);
  return record;
}

Deno.test("relays are listed by a core and by one that learns from it, which goes on alone", async () => {
  await using world = await makeWorld();
  await using elsewhere = await makeWorld();
  const first = await world.core(...SETTINGS);
  const peer = first.address.replace("relays.test", "127.0.0.1");
  await using second = await elsewhere.core(
    ...SETTINGS,
    `directory.peers=${peer}`,
  );
  await using messages = await TestRelay.start();
  await using both = await TestRelay.start({ set: ["xftp.enabled=true"] });
  const dying = await TestRelay.start();
  const relays = [messages.relay, both.relay, dying.relay];
  const reporters = relays.map((relay) => new Reporter(relay));
  {
    await using client = new DirectoryClient(addressOf(first));
    await reporters[0].register(client, ["smp"]);
    await reporters[1].register(client, ["smp", "xftp", "proxy"]);
    await reporters[2].register(client, ["smp"]);
    for (const relay of relays) {
      const record = await probe(first, relay);
      assert.equal(record.failure, undefined);
      assert.equal(record.standing, "probation");
    }
    // All three are at one place, of which no answer has more than two.
    assert.equal((await client.relays()).length, 2);
    const [files] = await client.relays({ role: "xftp" });
    assert.deepEqual(
      files.descriptor.fingerprint,
      both.relay.identity.fingerprint,
    );
    assert.equal(first.directory?.list().length, 3);
  }
  // The second core asks by itself.
  const learnt = () => second.directory?.registry.size === 3;
  await eventually(learnt, 40_000);
  for (const relay of relays) await probe(second, relay);
  {
    await using client = new DirectoryClient(addressOf(first));
    await reporters[0].leave(client);
    assert.equal(first.directory?.counts().directory_probation, 3);
    const { fingerprint } = messages.relay.identity;
    assert.deepEqual((await client.history(fingerprint)).flags.slice(-1), [
      "Leaving",
    ]);
    const listed = await client.relays();
    assert.ok(
      listed.every(({ descriptor }) =>
        bytesKey(descriptor.fingerprint) !== bytesKey(fingerprint)
      ),
    );
  }
  await first.stop();

  await using client = new DirectoryClient(addressOf(second));
  assert.equal(second.directory?.list().length, 3);
  assert.equal((await client.relays({ count: 8 })).length, 2);
  const { fingerprint } = dying.relay.identity;
  await dying[Symbol.asyncDispose]();
  await probe(second, dying.relay);
  await probe(second, dying.relay);
  const page = await client.history(fingerprint);
  assert.equal(page.flags.includes("Running"), false);
  assert.match(page.issues[0].text, /nothing listens on this port/);
  // Both are told; the second, so soon, does not count for the day.
  assert.equal(page.windows[0].failed, 1);
  assert.deepEqual(
    page.recent.map(({ milliseconds }) => milliseconds > 0),
    [false, false, true],
  );
  for (let turn = 0; turn < 10; turn++) {
    for (const { descriptor } of await client.relays()) {
      assert.notDeepEqual(descriptor.fingerprint, fingerprint);
    }
  }
  const faults = [...world.log, ...elsewhere.log].filter((line) =>
    / error | warn /.test(line)
  );
  assert.deepEqual(faults, []);
});
