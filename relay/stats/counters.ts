/**
 * Counters of what the relay did, with the reference's names and meaning
 * (simplexmq 6.5.5, `Simplex.Messaging.Server.Stats`).
 *
 * Unlike the reference's they are never set back, so that Prometheus sees
 * them grow; a line of the daily file has the growth since the line before.
 *
 * @module
 */

/**
 * How passing on went: sessions with other relays (`pRelays`), messages
 * (`pMsgFwds`), and those among them with relays of the same owner.
 */
export const PROXY_STATISTICS = [
  "pRelays",
  "pRelaysOwn",
  "pMsgFwds",
  "pMsgFwdsOwn",
] as const;

/** What is counted of each of {@link PROXY_STATISTICS} (`ProxyStats`). */
export const PROXY_COUNTS = [
  "pRequests",
  /** Includes errors that the other relay answered. */
  "pSuccesses",
  "pErrorsConnect",
  "pErrorsCompat",
  "pErrorsOther",
] as const;

/** Services that receive, and services that get notifications. */
export const SERVICE_STATISTICS = ["rcvServices", "ntfServices"] as const;

/** What is counted of each of {@link SERVICE_STATISTICS} (`ServiceStats`). */
export const SERVICE_COUNTS = [
  "srvAssocNew",
  "srvAssocDuplicate",
  "srvAssocUpdated",
  "srvAssocRemoved",
  "srvSubCount",
  "srvSubDuplicate",
  "srvSubQueues",
  "srvSubEnd",
] as const;

/** Counters that stand alone. */
const PLAIN_COUNTERS = [
  "qCreated",
  "qSecured",
  "qDeletedAll",
  "qDeletedAllB",
  "qDeletedNew",
  "qDeletedSecured",
  "qBlocked",
  /** Subscriptions that had a message waiting. */
  "qSub",
  /** Batches of subscriptions, with and without messages. */
  "qSubAllB",
  "qSubAuth",
  "qSubDuplicate",
  "qSubProhibited",
  /** `END` and `DELD` events, and the blocks that they went in. */
  "qSubEnd",
  "qSubEndB",
  "msgSent",
  "msgSentAuth",
  "msgSentQuota",
  "msgSentLarge",
  "msgSentBlock",
  /** Acknowledged messages, with and without `GET`. */
  "msgRecv",
  "msgRecvGet",
  "msgRecvNtf",
  "msgSentNtf",
  "msgGet",
  "msgGetNoMsg",
  "msgGetAuth",
  "msgGetDuplicate",
  "msgGetProhibited",
  "msgExpired",
  "ntfCreated",
  /** Queues created together with credentials for notifications. */
  "ntfNewCreated",
  "ntfDeleted",
  "ntfDeletedB",
  "ntfSub",
  "ntfSubB",
  "ntfSubAuth",
  "ntfSubDuplicate",
  /** Notifications that were delivered, and the blocks that they went in. */
  "msgNtfs",
  "msgNtfsB",
  "msgNtfNoSub",
  "msgNtfLost",
  "msgNtfExpired",
  "pMsgFwdsRecv",
] as const;

type PlainCounter = typeof PLAIN_COUNTERS[number];

/** Name of a counter of {@link PROXY_STATISTICS}. */
export type ProxyCounter =
  `${typeof PROXY_STATISTICS[number]}_${typeof PROXY_COUNTS[number]}`;

/** Name of a counter of {@link SERVICE_STATISTICS}. */
export type ServiceCounter =
  `${typeof SERVICE_STATISTICS[number]}_${typeof SERVICE_COUNTS[number]}`;

/** Name of a counter. */
export type CounterName = PlainCounter | ProxyCounter | ServiceCounter;

/** Names of the counters. */
export const COUNTER_NAMES: readonly CounterName[] = [
  ...PLAIN_COUNTERS,
  ...PROXY_STATISTICS.flatMap((group) =>
    PROXY_COUNTS.map((count): ProxyCounter => `${group}_${count}`)
  ),
  ...SERVICE_STATISTICS.flatMap((group) =>
    SERVICE_COUNTS.map((count): ServiceCounter => `${group}_${count}`)
  ),
];

/** Values of all counters. */
export type CounterValues = Readonly<Record<CounterName, number>>;

/** Counts since statistics began. */
export class Counters {
  readonly #counts = new Map<CounterName, number>(
    COUNTER_NAMES.map((name) => [name, 0]),
  );

  /** Adds `amount` to a counter. */
  add(name: CounterName, amount = 1): void {
    this.#counts.set(name, this.get(name) + amount);
  }

  /** The counter's value. */
  get(name: CounterName): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All counters. */
  snapshot(): CounterValues {
    // The map was filled from COUNTER_NAMES.
    return Object.fromEntries(this.#counts) as CounterValues;
  }

  /** Adds what was counted before a restart; unknown names are left out. */
  restore(values: Readonly<Record<string, unknown>>): void {
    for (const name of COUNTER_NAMES) {
      const value = values[name];
      if (Number.isSafeInteger(value)) this.add(name, Number(value));
    }
  }
}
