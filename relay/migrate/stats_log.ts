/**
 * Counters in the reference's backup of its statistics (simplexmq 6.5.5,
 * `ServerStatsData` in `Simplex.Messaging.Server.Stats`).
 *
 * ```text
 * fromTime=2026-11-20T10:08:45.9Z
 * qCreated=11
 * pRelays:
 * requests=0
 * ```
 * A line that ends in a colon begins a group, whose names stand behind its
 * own: `pRelays_pRequests`. Lists of hashes of active queues are in groups
 * too; they are not counters.
 *
 * @module
 */

/** When counting began, and the counters by the relay's names for them. */
export interface LoggedStatistics {
  /** Milliseconds since 1970; undefined where the file does not say. */
  readonly from: number | undefined;
  readonly counters: ReadonlyMap<string, number>;
}

/** Names of the reference's groups, in the relay's counters. */
const IN_PROXY: Readonly<Record<string, string>> = {
  requests: "pRequests",
  successes: "pSuccesses",
  errorsConnect: "pErrorsConnect",
  errorsCompat: "pErrorsCompat",
  errorsOther: "pErrorsOther",
};
const IN_SERVICES: Readonly<Record<string, string>> = {
  assocNew: "srvAssocNew",
  assocDuplicate: "srvAssocDuplicate",
  // So it is written.
  assocUpdatedt: "srvAssocUpdated",
  assocRemoved: "srvAssocRemoved",
  subCount: "srvSubCount",
  subDuplicate: "srvSubDuplicate",
  subQueues: "srvSubQueues",
  subEnd: "srvSubEnd",
};

/** Reads the statistics; lines that are no counters are left out. */
export function parseStatsLog(text: string): LoggedStatistics {
  const counters = new Map<string, number>();
  let from: number | undefined;
  let group = "";
  for (const line of text.split("\n")) {
    group = /^(\w+):$/.exec(line)?.[1] ?? group;
    const [, key, value] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (key === "fromTime") {
      const time = Date.parse(value);
      if (!Number.isNaN(time)) from = time;
    }
    if (key === undefined || !/^\d{1,15}$/.test(value)) continue;
    const inGroup = group.endsWith("Services") ? IN_SERVICES : IN_PROXY;
    // A name that is not of the group stands behind the group's end.
    const name = group !== "" && Object.hasOwn(inGroup, key)
      ? `${group}_${inGroup[key]}`
      : key;
    counters.set(name, Number(value));
  }
  return { from, counters };
}
