/**
 * Counters of what the relay did, with the reference's names and meaning
 * (simplexmq 6.5.5, `Simplex.Messaging.Server.Stats`).
 *
 * @module
 */

/** Names of the counters. */
export const COUNTER_NAMES = [
  "qCreated",
  "qSecured",
  "qDeletedAll",
  "qDeletedAllB",
  "qDeletedNew",
  "qDeletedSecured",
  "qSub",
  "qSubAllB",
  "qSubAuth",
  "qSubDuplicate",
  "qSubProhibited",
  "qSubEnd",
  "qSubEndB",
  "msgSent",
  "msgSentAuth",
  "msgSentQuota",
  "msgSentLarge",
  "msgSentBlock",
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
  "ntfNewCreated",
  "ntfDeleted",
  "ntfDeletedB",
  "ntfSub",
  "ntfSubB",
  "ntfSubAuth",
  "pMsgFwdsRecv",
  "pRelays_pRequests",
  "pRelays_pSuccesses",
  "pRelays_pErrorsConnect",
  "pRelays_pErrorsCompat",
  "pRelays_pErrorsOther",
  "pRelaysOwn_pRequests",
  "pRelaysOwn_pSuccesses",
  "pRelaysOwn_pErrorsConnect",
  "pRelaysOwn_pErrorsCompat",
  "pRelaysOwn_pErrorsOther",
  "pMsgFwds_pRequests",
  "pMsgFwds_pSuccesses",
  "pMsgFwds_pErrorsConnect",
  "pMsgFwds_pErrorsCompat",
  "pMsgFwds_pErrorsOther",
  "pMsgFwdsOwn_pRequests",
  "pMsgFwdsOwn_pSuccesses",
  "pMsgFwdsOwn_pErrorsConnect",
  "pMsgFwdsOwn_pErrorsCompat",
  "pMsgFwdsOwn_pErrorsOther",
] as const;

/** Name of a counter. */
export type CounterName = typeof COUNTER_NAMES[number];

/** Counts since the start of the relay. */
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
  snapshot(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
