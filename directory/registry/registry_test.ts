import assert from "node:assert/strict";
import { signDescriptor, verifyDescriptor } from "../descriptor/mod.ts";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import { join } from "node:path";
import { issuesOf, judge } from "../score.ts";
import { signedSample } from "../testing.ts";
import { History } from "./history.ts";
import { Registry, type RelayRecord } from "./mod.ts";

const DAY = 86_400;
const START = 20_000 * DAY;

Deno.test("a history counts days, forgets after 90, and is kept as it is", () => {
  const history = new History();
  for (let day = 0; day < 200; day++) {
    for (let hour = 0; hour < 24; hour++) {
      const failed = day === 150 || hour === 0;
      history.add(START + day * DAY + hour * 3600, failed ? undefined : 100);
    }
  }
  const today = 20_199;
  const days = history.days(today);
  assert.equal(days.length, 90);
  assert.deepEqual(days[0], {
    day: today,
    probes: 24,
    failed: 1,
    milliseconds: 100,
  });
  assert.deepEqual(days[49], {
    day: 20_150,
    probes: 24,
    failed: 24,
    milliseconds: 0,
  });
  assert.deepEqual(history.windows(today), [
    { probes: 7 * 24, failed: 7, milliseconds: 100 },
    { probes: 30 * 24, failed: 30, milliseconds: 100 },
    { probes: 90 * 24, failed: 89 + 24, milliseconds: 100 },
  ]);
  assert.equal(history.recent().length, 64);
  assert.deepEqual(history.recent()[0], {
    time: START + 199 * DAY + 23 * 3600,
    milliseconds: 100,
  });
  const again = new History(history.bytes);
  assert.deepEqual(again.days(today), days);
  assert.deepEqual(again.recent(), history.recent());
  // Nothing for 80 days: what is older than 90 does not come back.
  again.add(START + 280 * DAY, 50);
  assert.equal(again.days(20_280).length, 10);
  // A clock that was set back, far; a saved file of another size.
  again.add(START, 50);
  assert.equal(again.days(20_280)[0].probes, 2);
  assert.deepEqual(new History(new Uint8Array(5)).days(today), []);
});

/** A registry whose clock stands still. */
class Bench implements AsyncDisposable {
  now = START;
  step = 3600;
  registry: Registry;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.registry = this.#open();
  }

  static async start(): Promise<Bench> {
    return new Bench(await Deno.makeTempDir());
  }

  /** Registers a relay. */
  add(): RelayRecord {
    const signed = signedSample(identityInMemory(), {
      notBefore: START,
      notAfter: START + 30 * DAY,
    });
    const record = this.registry.add(signed, { registered: true });
    assert.ok(typeof record === "object", String(record));
    return record;
  }

  /** Days that go by with a probe an hour; `fails` says which fail. */
  live(
    records: readonly RelayRecord[],
    days: number,
    fails: (hour: number) => boolean = () => false,
  ): void {
    for (let hour = 0; hour < days * 24; hour += this.step / 3600) {
      this.now += this.step;
      for (const record of records) {
        this.registry.noteProbe(record, {
          milliseconds: fails(hour) ? undefined : 80,
          failure: fails(hour) ? { text: "It is gone." } : undefined,
          again: hour % 1 > 0.01 && hour % 1 < 0.99,
        });
      }
    }
  }

  /** Closes and opens it again. */
  reopen(): void {
    this.registry[Symbol.dispose]();
    this.registry = this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.registry[Symbol.dispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  #open(): Registry {
    return new Registry({
      path: join(this.#folder, "directory.db"),
      maxRelays: 4,
      onError: (error) => {
        throw error;
      },
      now: () => this.now * 1000,
    });
  }
}

Deno.test("a relay rises by time, falls when it fails, and is forgotten", async () => {
  await using bench = await Bench.start();
  const record = bench.add();
  assert.equal(record.standing, "new");
  bench.live([record], 1);
  assert.equal(record.standing, "probation");
  bench.live([record], 6);
  assert.equal(record.standing, "probation");
  bench.live([record], 2);
  assert.equal(record.standing, "established");
  const verdict = bench.registry.verdict(record);
  assert.equal(verdict.score, 100);
  assert.deepEqual(verdict.flags, [
    "Running",
    "Stable",
    "Fast",
    "Established",
    "Open",
  ]);
  assert.deepEqual(issuesOf(record, bench.now), []);

  // A night of three hours without power.
  bench.live([record], 1, (hour) => hour < 3);
  assert.equal(record.standing, "established");
  assert.ok(bench.registry.verdict(record).reliability < 1);
  // Gone for a day, with a probe every ten minutes, then for two.
  bench.step = 600;
  bench.live([record], 1, () => true);
  assert.equal(record.standing, "established");
  bench.step = 3600;
  bench.live([record], 1.5, () => true);
  assert.equal(record.standing, "dead");
  assert.equal(bench.registry.verdict(record).flags.includes("Running"), false);
  assert.match(issuesOf(record, bench.now)[0].text, /It is gone/);
  // Back soon enough: most of its days were good.
  bench.live([record], 1);
  assert.equal(record.standing, "probation");
  bench.live([record], 20);
  assert.equal(record.standing, "established");
  // Gone for two weeks: it begins anew.
  bench.live([record], 14, () => true);
  bench.live([record], 1);
  assert.equal(record.standing, "probation");
  assert.ok(bench.now - record.since < 3 * DAY);

  bench.live([record], 100, () => true);
  assert.equal(bench.registry.find(record.key), undefined);
  bench.reopen();
  assert.equal(bench.registry.size, 0);
});

Deno.test("one that never works, or has left, goes sooner or later", async () => {
  await using bench = await Bench.start();
  const [never, leaver] = [bench.add(), bench.add()];
  bench.live([never], 2, () => true);
  assert.equal(never.standing, "new");
  bench.live([never], 2, () => true);
  assert.equal(bench.registry.find(never.key), undefined);
  bench.live([leaver], 1);
  bench.registry.leave(leaver, bench.now + DAY);
  assert.equal(leaver.standing, "probation");
  bench.now += DAY;
  bench.registry.sweep();
  assert.equal(leaver.standing, "left");
  bench.now += 91 * DAY;
  bench.registry.sweep();
  assert.equal(bench.registry.size, 0);
});

Deno.test("established relays shorten the probation of others, a little", async () => {
  await using bench = await Bench.start();
  const [old, other] = [bench.add(), bench.add()];
  assert.equal(bench.registry.invite(other, old.key), "not established");
  bench.live([old, other], 9);
  const young = bench.add();
  assert.equal(bench.registry.invite(old, young.key), undefined);
  assert.equal(bench.registry.invite(other, young.key), undefined);
  bench.live([old, other, young], 1);
  assert.equal(young.standing, "probation");
  bench.reopen();
  const again = bench.registry.find(young.key);
  assert.ok(again);
  assert.equal(again.inviters.length, 2);
  bench.live([...bench.registry.all()], 1.1);
  assert.equal(again.standing, "established");
  // No more than five a month, and none after one was shut out.
  const host = bench.registry.find(old.key);
  assert.ok(host);
  for (let guest = 0; guest < 4; guest++) {
    assert.equal(bench.registry.invite(host, `guest ${guest}`), undefined);
  }
  assert.equal(bench.registry.invite(host, "guest 5"), "too many");
  bench.now += 31 * DAY;
  bench.live([...bench.registry.all()], 10);
  assert.equal(bench.registry.invite(host, "guest 6"), undefined);
  bench.registry.ban(young.key, true);
  assert.equal(again.standing, "banned");
  assert.equal(bench.registry.invite(host, "guest 7"), "too many");
  bench.reopen();
  assert.equal(bench.registry.find(young.key)?.standing, "banned");
  assert.equal(bench.registry.isBanned(young.key), true);
  bench.registry.ban(young.key, false);
  assert.equal(bench.registry.find(young.key)?.standing, "probation");
});

Deno.test("it has room for as many as it may, and keeps what it knows", async () => {
  await using bench = await Bench.start();
  const records = [];
  for (let each = 0; each < 4; each++) records.push(bench.add());
  const signed = signedSample(identityInMemory());
  assert.equal(bench.registry.add(signed, { registered: true }), "full");
  bench.live(records, 1, (hour) => hour === 23);
  const before = records.map((record) => ({
    key: record.key,
    standing: record.standing,
    since: record.since,
    failure: record.failure,
    verdict: judge(record, bench.now),
  }));
  bench.reopen();
  for (const { key, verdict, ...rest } of before) {
    const record = bench.registry.find(key);
    assert.ok(record);
    assert.equal(record.standing, rest.standing);
    assert.equal(record.since, rest.since);
    assert.deepEqual(record.failure, { ...rest.failure });
    assert.deepEqual(judge(record, bench.now), verdict);
  }
});

Deno.test("a directory that was away for long blames nobody", async () => {
  await using bench = await Bench.start();
  const record = bench.add();
  bench.live([record], 9);
  assert.equal(record.standing, "established");
  bench.now += 20 * DAY;
  bench.reopen();
  bench.registry.sweep();
  assert.equal(bench.registry.find(record.key)?.standing, "established");
});

Deno.test("two words at once are two machines", async () => {
  await using bench = await Bench.start();
  const identity = identityInMemory();
  const times = { notBefore: START, notAfter: START + DAY };
  const say = (region: string, sequence: number) =>
    bench.registry.add(
      signedSample(identity, { ...times, region, sequence }),
      { registered: true },
    );
  const record = say("Europe", 2);
  assert.ok(typeof record === "object");
  assert.equal(say("Europe", 2), record);
  assert.equal(say("Asia", 1), "stale");
  // Who passes it on can put the CA in twice: it says the same.
  const [leaf, ca] = identity.chain;
  const doubled = signDescriptor(
    record.signed.descriptor,
    {
      fingerprint: identity.fingerprint,
      chain: [leaf, ca, ca],
      sign: (message) => identity.sign(message),
    },
  );
  const verified = verifyDescriptor(doubled.bytes, { now: START * 1000 });
  assert.ok(typeof verified === "object");
  assert.equal(bench.registry.add(verified, { registered: false }), record);
  assert.equal(record.isCopied(bench.now), false);
  assert.equal(say("Asia", 2), "stale");
  assert.equal(record.isCopied(bench.now), true);
  assert.equal(record.signed.descriptor.region, "Europe");
  bench.now += DAY;
  assert.equal(record.isCopied(bench.now), false);
});
