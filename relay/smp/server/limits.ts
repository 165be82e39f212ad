/**
 * Bounds for the whole relay and for each client, beside those of a queue.
 *
 * @module
 */

import type { StoreCounts } from "../../store/store.ts";

/** Bounds; one that is absent or 0 does not bound. */
export interface LimitOptions {
  /** Queues that are stored. */
  readonly queues?: number;
  /** Messages that are stored. */
  readonly messages?: number;
  /** Queues that a session may create in a minute. */
  readonly newQueuesPerMinute?: number;
}

/** What the limits are held against; may be a second old. */
export type CountStored = () => Pick<StoreCounts, "queues" | "messages">;

/** Queues that a session may still create. */
interface Allowance {
  left: number;
  /** When that was so: milliseconds since 1970. */
  at: number;
}

const MINUTE = 60_000;

/** Says what still fits. */
export class Limits {
  readonly #options: LimitOptions;
  readonly #count: CountStored;
  readonly #now: () => number;
  readonly #allowances = new WeakMap<object, Allowance>();

  constructor(
    options: LimitOptions,
    { count, now }: { count: CountStored; now: () => number },
  ) {
    this.#options = options;
    this.#count = count;
    this.#now = now;
  }

  /** Whether `session` may create another queue now; counts it if so. */
  takeQueue(session: object): boolean {
    const { queues = 0, newQueuesPerMinute = 0 } = this.#options;
    if (queues > 0 && this.#count().queues >= queues) return false;
    if (newQueuesPerMinute === 0) return true;
    const now = this.#now();
    const before = this.#allowances.get(session) ??
      { left: newQueuesPerMinute, at: now };
    // What was not used comes back bit by bit.
    const grown = Math.max(now - before.at, 0) / MINUTE * newQueuesPerMinute;
    const left = Math.min(before.left + grown, newQueuesPerMinute);
    const taken = left >= 1;
    this.#allowances.set(session, { left: taken ? left - 1 : left, at: now });
    return taken;
  }

  /** Whether another message fits. */
  get takesMessage(): boolean {
    const { messages = 0 } = this.#options;
    return messages === 0 || this.#count().messages < messages;
  }
}
