import assert from "node:assert/strict";
import { identityInMemory } from "../relay/identity/testing_identity.ts";
import { join } from "node:path";
import type { Descriptor } from "./descriptor/mod.ts";
import { Queries, type Query } from "./query.ts";
import { Registry, type RelayRecord } from "./registry/mod.ts";
import { signedSample } from "./testing.ts";

/** A directory whose relays are all running. */
async function withRelays(
  relays: readonly (Partial<Descriptor> & { host: string; young?: boolean })[],
  test: (queries: Queries, records: RelayRecord[]) => void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  let now = Date.now() - 10 * 86_400_000;
  const registry = new Registry({
    path: join(folder, "directory.db"),
    maxRelays: 100,
    rules: { probationDays: 1, probes: 1 },
    onError: (error) => assert.fail(String(error)),
    now: () => now,
  });
  const records: RelayRecord[] = [];
  const probe = (record: RelayRecord, host: string) =>
    registry.noteProbe(record, { milliseconds: 90, host });
  for (const { host, young, ...rest } of relays) {
    const signed = signedSample(identityInMemory(), rest);
    const record = registry.add(signed, { registered: true });
    assert.ok(typeof record === "object");
    if (young) record.since = Math.floor(Date.now() / 1000);
    records.push(record);
    probe(record, host);
  }
  now = Date.now();
  records.forEach((record, at) => probe(record, relays[at].host));
  try {
    test(new Queries(registry), records);
  } finally {
    registry[Symbol.dispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

function keys(records: readonly RelayRecord[]): Set<string> {
  return new Set(records.map(({ key }) => key));
}

Deno.test("relays of one operator or network do not fill an answer", async () => {
  const crowd = Array.from({ length: 10 }, (_, at) => ({
    host: `203.0.113.${at}`,
    family: `family ${at}`,
  }));
  const clan = Array.from({ length: 10 }, (_, at) => ({
    host: `198.51.${at}.1`,
    family: at % 2 === 0 ? "Clan" : "clan",
  }));
  const others = Array.from(
    { length: 6 },
    (_, at) => ({ host: `10.${at}.0.1` }),
  );
  await withRelays([...crowd, ...clan, ...others], (queries, records) => {
    const crowded = keys(records.slice(0, 10));
    const inClan = keys(records.slice(10, 20));
    const seen = new Set<string>();
    for (let turn = 0; turn < 50; turn++) {
      const answer = queries.answer({ count: 8 });
      assert.equal(answer.length, 8);
      assert.equal(keys(answer).size, 8);
      const count = (of: Set<string>) =>
        answer.filter(({ key }) => of.has(key)).length;
      assert.equal(count(crowded), 1);
      assert.equal(count(inClan), 1);
      for (const { key } of answer) seen.add(key);
      // Nobody else is there: two of each, and no more.
      assert.equal(queries.answer({ count: 20 }).length, 10);
    }
    assert.ok(seen.size > 20, `${seen.size}`);
  });
});

Deno.test("new relays have a small share where others are there", async () => {
  const young = Array.from({ length: 30 }, (_, at) => ({
    host: `10.${at}.0.1`,
    young: true,
  }));
  const known = Array.from(
    { length: 12 },
    (_, at) => ({ host: `172.16.${at}.1` }),
  );
  await withRelays([...young, ...known], (queries, records) => {
    const fresh = keys(records.slice(0, 30));
    let share = 0;
    for (let turn = 0; turn < 200; turn++) {
      const answer = queries.answer({ count: 10 });
      share += answer.filter(({ key }) => fresh.has(key)).length / 10;
    }
    assert.ok(share / 200 > 0.1 && share / 200 <= 0.3, `${share / 200}`);
  });
  // Where there are no others, they are better than nothing.
  await withRelays(young, (queries) => {
    assert.equal(queries.answer({ count: 10 }).length, 10);
  });
});

Deno.test("what does not fit the query, or cannot be used, is left out", async () => {
  const now = Math.floor(Date.now() / 1000);
  await withRelays([
    { host: "10.1.0.1", region: "Europe" },
    {
      host: "10.2.0.1",
      roles: ["smp", "xftp"],
      addresses: [
        { scheme: "smp", hosts: ["a.example"], port: 1 },
        { scheme: "xftp", hosts: ["a.example"], port: 1 },
      ],
    },
    { host: "10.3.0.1", open: false },
    { host: "10.4.0.1", full: true },
    { host: "10.5.0.1", notBefore: now - 100, notAfter: now - 1 },
  ], (queries, records) => {
    const answer = (query: Partial<Query>) =>
      queries.answer({ count: 8, ...query });
    assert.deepEqual(keys(answer({})), keys(records.slice(0, 2)));
    assert.deepEqual(answer({ role: "xftp" }), [records[1]]);
    assert.deepEqual(answer({ region: "europe" }), [records[0]]);
    assert.deepEqual(answer({ region: "Asia" }), []);
    assert.equal(answer({ minScore: 100 }).length, 2);
  });
});
