/**
 * The relay's side of directories, against a real one on loopback.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  Heartbeat,
  type HeartbeatOptions,
  type Statement,
} from "../../directory/heartbeat/mod.ts";
import { TestDirectory } from "../../directory/testing.ts";
import { bytesKey } from "../../relay/wire/mod.ts";
import { formatCoreAddress } from "../../tunnel/core_address.ts";
import { eventually } from "../core/world.ts";
import { TestRelay } from "../server/harness.ts";

const QUICK = {
  firstMs: 0,
  retryMs: 40,
  longestMs: 200,
  leastMs: 50,
  changeMs: 20,
};

/** The reports of a relay of which a test says what they say. */
class Reports implements AsyncDisposable {
  readonly #relay: TestRelay;
  readonly #folder: string;
  readonly errors: unknown[] = [];
  statement: Statement | undefined;

  private constructor(relay: TestRelay, folder: string) {
    this.#relay = relay;
    this.#folder = folder;
    this.statement = {
      addresses: [{
        scheme: "smp",
        hosts: ["127.0.0.1"],
        port: relay.relay.ports[0],
      }],
      roles: ["smp"],
      open: true,
      full: false,
      software: "porchlight test",
      limits: {},
    };
  }

  static async start(): Promise<Reports> {
    return new Reports(await TestRelay.start(), await Deno.makeTempDir());
  }

  get stateFile(): string {
    return join(this.#folder, "directories.json");
  }

  /** Begins to report to these. */
  async to(
    directories: readonly TestDirectory[],
    options: Partial<HeartbeatOptions> = {},
  ): Promise<Heartbeat> {
    const heartbeat = await Heartbeat.open({
      identity: this.#relay.relay.identity,
      file: this.stateFile,
      directories: directories.map(({ address }) => address),
      statement: () => this.statement,
      numbers: () => ({ messages: 10 }),
      onError: (error) => this.errors.push(error),
      times: QUICK,
      ...options,
    });
    heartbeat.start();
    return heartbeat;
  }

  /** What a directory knows of the relay. */
  at({ directory }: TestDirectory) {
    const { fingerprint } = this.#relay.relay.identity;
    return directory.registry.find(bytesKey(fingerprint));
  }

  ban({ directory }: TestDirectory): void {
    directory.ban(this.#relay.relay.identity.fingerprint, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
    assert.deepEqual(this.errors, []);
  }
}

Deno.test("a relay registers, reports, tells of changes, and takes leave when switched off", async () => {
  await using directory = await TestDirectory.start({ heartbeatSeconds: 0 });
  await using other = await TestDirectory.start({ heartbeatSeconds: 3600 });
  await using reports = await Reports.start();
  {
    await using heartbeat = await reports.to([directory, other]);
    await eventually(() => heartbeat.status.every(({ receipt }) => receipt));
    assert.equal(heartbeat.part()?.state, "ok");
    assert.match(heartbeat.part()?.note ?? "", /^Listed at 127\.0\.0\.1/);
    const first = reports.at(directory);
    assert.ok(first);
    const { requestSequence } = first;
    const { sequence } = first.signed.descriptor;
    await eventually(() => first.requestSequence > requestSequence);
    assert.deepEqual(first.numbers, { messages: 10 });
    assert.equal(first.signed.descriptor.sequence, sequence);
    // The other one did not ask to be told for an hour; a change is told.
    assert.ok(reports.statement);
    reports.statement = { ...reports.statement, full: true, region: "DE" };
    heartbeat.changed();
    await eventually(() => reports.at(other)?.full === true);
    const now = reports.at(other)?.signed.descriptor;
    assert.equal(now?.region, "DE");
    assert.ok((now?.sequence ?? 0) > sequence);
  }
  const { mode } = await Deno.stat(reports.stateFile);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  // A relay that stops has not left.
  assert.equal(reports.at(other)?.leavesAt, 0);
  await using _leaving = await reports.to([directory]);
  await eventually(() => reports.at(other)?.standing === "left");
  assert.notEqual(reports.at(directory)?.standing, "left");
});

Deno.test("numbers never go back: after a crash, a clock set back, an old backup", async () => {
  await using directory = await TestDirectory.start({ heartbeatSeconds: 0 });
  await using reports = await Reports.start();
  const registered = async () => {
    await using heartbeat = await reports.to([directory]);
    await eventually(() => heartbeat.status[0].receipt !== undefined);
    return reports.at(directory)?.requestSequence ?? 0;
  };
  const first = await registered();
  const saved = JSON.parse(await Deno.readTextFile(reports.stateFile));
  assert.ok(saved.reserved > first && saved.descriptor > 0);
  // As if the clock had been a day ahead.
  const ahead = Date.now() + 86_400_000;
  await Deno.writeTextFile(
    reports.stateFile,
    JSON.stringify({ ...saved, reserved: ahead, descriptor: ahead }),
  );
  assert.ok(await registered() > ahead);
  // The backup does not know of that; the directory does.
  await Deno.writeTextFile(reports.stateFile, JSON.stringify(saved));
  assert.ok(await registered() > ahead + 1);
  const { sequence } = reports.at(directory)?.signed.descriptor ?? {};
  assert.ok((sequence ?? 0) > ahead);
  await Deno.writeTextFile(reports.stateFile, "{ not json");
  await registered();
});

Deno.test("a directory may be away; what it says stands for as long as it likes", async () => {
  await using directory = await TestDirectory.start({
    heartbeatSeconds: 0,
    testing: {
      limits: {
        register: { burst: 1, refillMs: 400 },
        report: { burst: 3, refillMs: 60_000 },
      },
    },
  });
  await using reports = await Reports.start();
  await using heartbeat = await reports.to([directory]);
  await eventually(() =>
    heartbeat.status[0].failure?.retryAfterSeconds !== undefined
  );
  const { failure } = heartbeat.status[0];
  assert.equal(failure?.kind, "later");
  assert.ok(
    (failure?.retryAfterSeconds ?? 0) >= 30,
    `${failure?.message} ${failure?.retryAfterSeconds}`,
  );
  const { requestSequence } = reports.at(directory) ?? {};
  const { refused } = directory.directory.api.counts;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(reports.at(directory)?.requestSequence, requestSequence);
  assert.equal(directory.directory.api.counts.refused, refused);
  // Nobody worries the owner about it.
  assert.equal(heartbeat.part()?.state, "ok");
});

Deno.test("a directory that was away is told again when it is back", async () => {
  await using directory = await TestDirectory.start({ heartbeatSeconds: 0 });
  await using reports = await Reports.start();
  await using heartbeat = await reports.to([directory]);
  await eventually(() => heartbeat.status[0].receipt !== undefined);
  const noticed = eventually(() =>
    heartbeat.status[0].failure?.kind === "unreachable"
  );
  await directory.restart(noticed);
  assert.equal(heartbeat.part()?.state, "ok");
  await eventually(() => heartbeat.status[0].failure === undefined);
});

Deno.test("401 ends it for good, with words for the owner", async () => {
  await using directory = await TestDirectory.start({ heartbeatSeconds: 0 });
  await using reports = await Reports.start();
  {
    await using heartbeat = await reports.to([directory]);
    await eventually(() => heartbeat.status[0].receipt !== undefined);
    reports.ban(directory);
    await eventually(() => heartbeat.status[0].stopped !== undefined);
    const { state, reason, remedy } = heartbeat.part() ?? {};
    assert.equal(state, "degraded");
    assert.match(reason ?? "", /asked it not to come back/);
    assert.match(remedy ?? "", /Ask the people who run/);
  }
  const { served } = directory.directory.api.counts;
  await using again = await reports.to([directory]);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(directory.directory.api.counts.served, served);
  assert.equal(again.part()?.state, "degraded");
});

Deno.test("a relay that nobody can reach waits; one that the directory cannot reach says why", async () => {
  await using directory = await TestDirectory.start();
  await using reports = await Reports.start();
  const there = reports.statement;
  reports.statement = undefined;
  await using heartbeat = await reports.to([directory]);
  await eventually(() => heartbeat.status[0].waiting);
  assert.match(heartbeat.part()?.note ?? "", /no address that the world/);
  assert.ok(there);
  const [address] = there.addresses;
  reports.statement = { ...there, addresses: [{ ...address, port: 9 }] };
  heartbeat.changed();
  await eventually(() => heartbeat.status[0].failure !== undefined);
  assert.equal(heartbeat.part()?.state, "degraded");
  assert.match(heartbeat.part()?.reason ?? "", /cannot reach the relay/);
});

Deno.test("a relay that is shared is listed as its settings say, without its password", async () => {
  await using directory = await TestDirectory.start({ heartbeatSeconds: 0 });
  await using relay = await TestRelay.start({
    set: [
      "share.listed=friends",
      "smp.create_password=secret",
      "xftp.enabled=false",
      "address.hosts=127.0.0.1",
      "share.family=example",
      "share.region=Europe",
      "proxy.enabled=false",
      `directories.addresses=${formatCoreAddress(directory.address)}`,
    ],
  });
  const key = bytesKey(relay.relay.identity.fingerprint);
  const { registry } = directory.directory;
  await eventually(() => registry.find(key) !== undefined, 30_000);
  const { descriptor } = registry.find(key)?.signed ?? {};
  assert.equal(descriptor?.open, false);
  assert.deepEqual(descriptor?.roles, ["smp"]);
  assert.equal(descriptor?.region, "Europe");
  assert.equal(descriptor?.family, "example");
  assert.deepEqual(descriptor?.addresses, [{
    scheme: "smp",
    hosts: ["127.0.0.1"],
    port: relay.relay.ports[0],
  }]);
  const parts = relay.relay.parts().map(({ name }) => name);
  assert.ok(parts.includes("directory") && parts.includes("share"), `${parts}`);
  await relay.restart(["address.hosts=127.0.0.1"]);
  await eventually(() => registry.find(key)?.standing === "left", 30_000);
  const later = relay.relay.parts().map(({ name }) => name);
  assert.ok(!later.includes("directory"));
});
