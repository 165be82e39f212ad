/**
 * The columns of the daily statistics file, in the order of the reference
 * (simplexmq 6.5.5, `logServerStats` in `Simplex.Messaging.Server`), under the
 * names that the reference's metrics give them.
 *
 * @module
 */

import type { EndedPeriods } from "./active_queues.ts";
import {
  type CounterName,
  PROXY_COUNTS,
  PROXY_STATISTICS,
  SERVICE_COUNTS,
  SERVICE_STATISTICS,
} from "./counters.ts";
import type { StoredCounts } from "./gauges.ts";
import type { CounterValues } from "./counters.ts";
import type { FinishedPeriod } from "./statistics.ts";

/** What a line is made of. */
export interface DailyValues extends FinishedPeriod {
  /** Counters since statistics began. */
  readonly totals: CounterValues;
  readonly stored: StoredCounts;
}

type Column = readonly [
  name: string,
  value: (values: DailyValues) => string | number,
];

const grown = (...names: CounterName[]): Column[] =>
  names.map((name) => [name, ({ growth }) => growth[name]]);

/** The reference never sets these back. */
const total = (...names: CounterName[]): Column[] =>
  names.map((name) => [name, ({ totals }) => totals[name]]);

const stored = (name: string, key: keyof StoredCounts): Column => [
  name,
  ({ stored }) => stored[key],
];

/** Empty while the week or month goes on. */
const active = (
  name: string,
  of: "activeQueues" | "activeQueuesNtf",
  period: keyof EndedPeriods,
): Column => [name, (values) => values[of][period] ?? ""];

/** Not counted any more, but still in its place. */
const gone = (name: string): Column => [name, () => 0];

const COLUMNS: readonly Column[] = [
  ["date", ({ from }) => new Date(from).toISOString().slice(0, 10)],
  ...grown("qCreated", "qSecured", "qDeletedAll", "msgSent", "msgRecv"),
  active("dayMsgQueues", "activeQueues", "day"),
  active("weekMsgQueues", "activeQueues", "week"),
  active("monthMsgQueues", "activeQueues", "month"),
  ...grown("msgSentNtf", "msgRecvNtf"),
  active("dayCountNtf", "activeQueuesNtf", "day"),
  active("weekCountNtf", "activeQueuesNtf", "week"),
  active("monthCountNtf", "activeQueuesNtf", "month"),
  stored("qCount", "queues"),
  stored("msgCount", "messages"),
  ...grown("msgExpired", "qDeletedNew", "qDeletedSecured"),
  ...PROXY_STATISTICS.flatMap((group) =>
    PROXY_COUNTS.flatMap((count) => grown(`${group}_${count}`))
  ),
  ...grown("pMsgFwdsRecv"),
  ...grown("qSub", "qSubAuth", "qSubDuplicate", "qSubProhibited"),
  ...grown("msgSentAuth", "msgSentQuota", "msgSentLarge"),
  ...grown("msgNtfs", "msgNtfNoSub", "msgNtfLost"),
  gone("qSubNoMsg"),
  ...grown("msgRecvGet", "msgGet", "msgGetNoMsg", "msgGetAuth"),
  ...grown("msgGetDuplicate", "msgGetProhibited"),
  gone("daySubQueues"),
  gone("weekSubQueues"),
  gone("monthSubQueues"),
  stored("qCount2", "queues"),
  ...grown("ntfCreated", "ntfDeleted"),
  ...grown("ntfSub", "ntfSubAuth", "ntfSubDuplicate"),
  stored("ntfCount2", "notifiers"),
  ...grown("qDeletedAllB", "qSubAllB", "qSubEnd", "qSubEndB"),
  ...grown("ntfDeletedB", "ntfSubB", "msgNtfsB", "msgNtfExpired"),
  stored("ntfCount", "notifications"),
  stored("rcvServiceCount", "recipientServices"),
  stored("ntfServiceCount", "notifierServices"),
  stored("rcvServiceQueuesCount", "recipientServiceQueues"),
  stored("ntfServiceQueuesCount", "notifierServiceQueues"),
  ...SERVICE_STATISTICS.flatMap((group) =>
    SERVICE_COUNTS.flatMap((count) => total(`${group}_${count}`))
  ),
];

/** The first line of the file, without its end. */
export const DAILY_HEADER = COLUMNS.map(([name]) => name).join(",");

/** A line of the file, without its end. */
export function dailyLine(values: DailyValues): string {
  return COLUMNS.map(([, value]) => value(values)).join(",");
}
