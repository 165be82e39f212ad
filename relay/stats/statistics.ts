/**
 * All that the relay counts about its work: sums, never anything about one
 * client or one queue.
 *
 * @module
 */

import { AckTimes } from "./ack_times.ts";
import { ActiveQueues, type EndedPeriods } from "./active_queues.ts";
import { isTime, parseJson, recordOf } from "./backup_text.ts";
import { Counters, type CounterValues } from "./counters.ts";

/** What happened between two lines of the daily file. */
export interface FinishedPeriod {
  /** Begin and end: milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Growth of the counters. */
  readonly growth: CounterValues;
  /** Queues that were used, where a day, week or month has ended. */
  readonly activeQueues: EndedPeriods;
  /** The same for messages with notifications. */
  readonly activeQueuesNtf: EndedPeriods;
}

const FORMAT = 1;

/** Statistics of one relay. */
export class Statistics {
  readonly counters = new Counters();
  /** Queues that messages were sent to or received from. */
  readonly activeQueues = new ActiveQueues();
  /** Queues of messages with the notification flag. */
  readonly activeQueuesNtf = new ActiveQueues();
  /** From delivery to acknowledgement. */
  readonly ackTimes = new AckTimes();
  /** Blocks since the start; they are not kept over a restart. */
  blocksReceived = 0;
  blocksSent = 0;
  /** When counting began: milliseconds since 1970. */
  #since: number;
  /** When the period began: milliseconds since 1970. */
  #from: number;
  /** Counters at that time. */
  #base: CounterValues;

  constructor(now: number = Date.now()) {
    this.#since = now;
    this.#from = now;
    this.#base = this.counters.snapshot();
  }

  /** When counting began: milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** When the period began: milliseconds since 1970 (`fromTime`). */
  get from(): number {
    return this.#from;
  }

  /** Growth of the counters since the period began. */
  get growth(): CounterValues {
    const base: Readonly<Record<string, number>> = this.#base;
    // The same names as in the snapshot.
    return Object.fromEntries(
      Object.entries(this.counters.snapshot()).map(([name, value]) => [
        name,
        value - (base[name] ?? 0),
      ]),
    ) as CounterValues;
  }

  /** A message was stored. */
  messageSent(recipientId: Uint8Array, notification: boolean): void {
    this.counters.add("msgSent");
    this.activeQueues.add(recipientId);
    if (!notification) return;
    this.counters.add("msgSentNtf");
    this.activeQueuesNtf.add(recipientId);
  }

  /** A message was acknowledged, `seconds` after it was delivered. */
  messageReceived(
    recipientId: Uint8Array,
    { notification, polled, seconds }: {
      notification: boolean;
      polled: boolean;
      seconds: number;
    },
  ): void {
    this.counters.add("msgRecv");
    if (polled) this.counters.add("msgRecvGet");
    this.activeQueues.add(recipientId);
    if (notification) {
      this.counters.add("msgRecvNtf");
      this.activeQueuesNtf.add(recipientId);
    }
    this.ackTimes.add(seconds);
  }

  /** Ends the period that goes on, and begins the next one. */
  endPeriod(now: number = Date.now()): FinishedPeriod {
    const from = this.#from;
    const growth = this.growth;
    const finished: FinishedPeriod = {
      from,
      to: now,
      growth,
      activeQueues: this.activeQueues.end({ from, now }),
      activeQueuesNtf: this.activeQueuesNtf.end({ from, now }),
    };
    this.#from = now;
    this.#base = this.counters.snapshot();
    return finished;
  }

  /** All of it as JSON text, to keep over a restart. */
  encode(): string {
    return JSON.stringify({
      format: FORMAT,
      since: this.#since,
      from: this.#from,
      counters: this.counters.snapshot(),
      base: this.#base,
      activeQueues: this.activeQueues.backup(),
      activeQueuesNtf: this.activeQueuesNtf.backup(),
      ackTimes: this.ackTimes.backup(),
    });
  }

  /**
   * Takes over what `encode` gave. False where the text is something else: then
   * counting begins at zero.
   */
  restore(text: string): boolean {
    const backup = recordOf(parseJson(text));
    const counters = recordOf(backup?.counters);
    if (backup?.format !== FORMAT || counters === undefined) return false;
    const { since, from } = backup;
    if (!isTime(since) || !isTime(from)) return false;
    this.#since = since;
    this.#from = from;
    this.counters.restore(counters);
    const base = new Counters();
    base.restore(recordOf(backup.base) ?? {});
    this.#base = base.snapshot();
    this.activeQueues.restore(backup.activeQueues);
    this.activeQueuesNtf.restore(backup.activeQueuesNtf);
    this.ackTimes.restore(backup.ackTimes);
    return true;
  }
}
