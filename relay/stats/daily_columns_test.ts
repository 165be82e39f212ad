import assert from "node:assert/strict";
import { DAILY_HEADER, dailyLine } from "./daily_columns.ts";
import { COUNTER_NAMES } from "./counters.ts";
import { Statistics } from "./statistics.ts";

/** The order in which the reference writes them. */
const ORDER = `
date qCreated qSecured qDeletedAll msgSent msgRecv dayMsgQueues weekMsgQueues
monthMsgQueues msgSentNtf msgRecvNtf dayCountNtf weekCountNtf monthCountNtf
qCount msgCount msgExpired qDeletedNew qDeletedSecured
pRelays pRelaysOwn pMsgFwds pMsgFwdsOwn
pMsgFwdsRecv qSub qSubAuth qSubDuplicate qSubProhibited msgSentAuth
msgSentQuota msgSentLarge msgNtfs msgNtfNoSub msgNtfLost qSubNoMsg msgRecvGet
msgGet msgGetNoMsg msgGetAuth msgGetDuplicate msgGetProhibited daySubQueues
weekSubQueues monthSubQueues qCount2 ntfCreated ntfDeleted ntfSub ntfSubAuth
ntfSubDuplicate ntfCount2 qDeletedAllB qSubAllB qSubEnd qSubEndB ntfDeletedB
ntfSubB msgNtfsB msgNtfExpired ntfCount rcvServiceCount ntfServiceCount
rcvServiceQueuesCount ntfServiceQueuesCount rcvServices ntfServices
`.trim().split(/\s+/);

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  p: ["Requests", "Successes", "ErrorsConnect", "ErrorsCompat", "ErrorsOther"],
  srv: [
    "AssocNew",
    "AssocDuplicate",
    "AssocUpdated",
    "AssocRemoved",
    "SubCount",
    "SubDuplicate",
    "SubQueues",
    "SubEnd",
  ],
};

function expand(name: string): string[] {
  const kind = /^p(Relays|MsgFwds)(Own)?$/.test(name)
    ? "p"
    : /^(rcv|ntf)Services$/.test(name)
    ? "srv"
    : undefined;
  return kind === undefined
    ? [name]
    : GROUPS[kind].map((each) => `${name}_${kind}${each}`);
}

Deno.test("columns stand in the order of the reference, each with a name", () => {
  const names = DAILY_HEADER.split(",");
  assert.deepEqual(names, ORDER.flatMap(expand));
  assert.equal(new Set(names).size, names.length);
});

Deno.test("a line has a value for each column, in its place", () => {
  const statistics = new Statistics(Date.parse("2026-11-29T00:00Z"));
  COUNTER_NAMES.forEach((name, index) => {
    statistics.counters.add(name, 1000 + index);
  });
  statistics.endPeriod(Date.parse("2026-11-30T00:00Z"));
  statistics.counters.add("ntfServices_srvSubEnd", 5);
  statistics.counters.add("qCreated", 7);
  statistics.activeQueues.add(new Uint8Array(24));
  const values = dailyLine({
    ...statistics.endPeriod(Date.parse("2026-12-01T00:00Z")),
    totals: statistics.counters.snapshot(),
    stored: {
      queues: 11,
      notifiers: 12,
      messages: 13,
      notifications: 14,
      recipientServices: 15,
      recipientServiceQueues: 16,
      notifierServices: 17,
      notifierServiceQueues: 18,
    },
  }).split(",");
  const names = DAILY_HEADER.split(",");
  assert.equal(values.length, names.length);
  const line = new Map(names.map((name, index) => [name, values[index]]));
  const expected: Record<string, string> = {
    date: "2026-11-30",
    qCreated: "7",
    msgSent: "0",
    dayMsgQueues: "1",
    // 1 December 2026 is a Tuesday: the month ended, the week did not.
    weekMsgQueues: "",
    monthMsgQueues: "1",
    monthCountNtf: "0",
    qCount: "11",
    qCount2: "11",
    ntfCount2: "12",
    msgCount: "13",
    ntfCount: "14",
    rcvServiceCount: "15",
    rcvServiceQueuesCount: "16",
    ntfServiceCount: "17",
    ntfServiceQueuesCount: "18",
    qSubNoMsg: "0",
    pMsgFwdsOwn_pErrorsOther: "0",
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(line.get(name), value, name);
  }
  const index = COUNTER_NAMES.indexOf("ntfServices_srvSubEnd");
  assert.equal(line.get("ntfServices_srvSubEnd"), String(1005 + index));
});
