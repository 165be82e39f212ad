/**
 * Counts of the store, which are not free: counting a million rows takes a
 * while, in which nobody is served.
 *
 * @module
 */

import type { StoredCounts } from "./gauges.ts";

/** Counts are at least this old before they are counted again, ms. */
const MIN_AGE = 1000;

/** Counting takes at most this share of the time. */
const SHARE = 1 / 100;

/** Counts that are a second old, or older where counting is slow. */
export class CachedCounts {
  readonly #count: () => StoredCounts;
  readonly #now: () => number;
  #counts: StoredCounts | undefined;
  #until = 0;

  /** `now`: a clock in milliseconds, for tests. */
  constructor(count: () => StoredCounts, now = () => performance.now()) {
    this.#count = count;
    this.#now = now;
  }

  /** The counts. @throws what counting throws */
  get(): StoredCounts {
    const before = this.#now();
    if (this.#counts !== undefined && before < this.#until) {
      return this.#counts;
    }
    this.#counts = this.#count();
    const now = this.#now();
    this.#until = now + Math.max(MIN_AGE, (now - before) / SHARE);
    return this.#counts;
  }
}
