import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import type { Receipt, SyncPage } from "../api/mod.ts";
import {
  problemOf,
  readHistory,
  readParams,
  readReceipt,
  readRelayList,
  readSyncPage,
} from "./read.ts";

const receipt: Receipt = {
  standing: "probation",
  nextSeconds: 300,
  score: 90,
  flags: ["Running"],
  issues: [{ text: "a", remedy: "b" }],
};
const page: SyncPage = {
  directory: "d",
  chain: ["a", "b"],
  cursor: "x.1",
  more: false,
  relays: [{ descriptor: "a", measurement: "b" }, { descriptor: "c" }],
};

Deno.test("answers are taken whole, or not at all", () => {
  assert.deepEqual(readReceipt(receipt), receipt);
  assert.deepEqual(readSyncPage(page), page);
  assert.deepEqual(readRelayList({ relays: page.relays }), ["a", "c"]);
  assert.equal(readReceipt({ ...receipt, nextSeconds: -1 }), undefined);
  assert.equal(readReceipt({ ...receipt, issues: [{}] }), undefined);
  assert.equal(readSyncPage({ ...page, chain: [5] }), undefined);
  assert.equal(
    readSyncPage({ ...page, relays: [{ descriptor: "a", measurement: 5 }] }),
    undefined,
  );
  const many = Array(1001).fill({ descriptor: "a" });
  assert.equal(readRelayList({ relays: many }), undefined);
  assert.equal(problemOf({ message: "x".repeat(9999) }).message.length, 500);
});

Deno.test("nothing that a directory says throws", () => {
  const random = new SeededRandom(0xd14);
  const bytes = new TextEncoder().encode(JSON.stringify([receipt, page]));
  let parsed = 0;
  for (let turn = 0; turn < 20_000; turn++) {
    let values: unknown;
    try {
      values = JSON.parse(new TextDecoder().decode(random.mutate(bytes)));
    } catch {
      continue;
    }
    parsed++;
    for (const value of [values, ...Array.isArray(values) ? values : []]) {
      for (const read of [readParams, readReceipt, readHistory, readSyncPage]) {
        read(value);
      }
      readRelayList(value);
      problemOf(value);
    }
  }
  assert.ok(parsed > 500, `${parsed}`);
});
