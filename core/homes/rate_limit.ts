/**
 * How fast one home may be served.
 *
 * @module
 */

/** Time for which unused rate can be saved up, ms. */
const BURST_MS = 2_000;

/**
 * Bytes a second for all streams of one home together. Who takes more than
 * there is waits until it is made up for, so each stream gets its turns.
 */
export class RateLimit {
  #bytesPerMs: number;
  readonly #now: () => number;
  /** When what was taken so far is made up for, ms. */
  #paidAt = -Infinity;

  /** `now`: a clock in milliseconds that is never set. */
  constructor(bytesPerSecond: number, now = () => performance.now()) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#now = now;
  }

  /** Changes the rate from now on. */
  set bytesPerSecond(rate: number) {
    this.#bytesPerMs = rate / 1000;
  }

  /** Takes bytes; how long to wait before they go on, ms. */
  take(bytes: number): number {
    const now = this.#now();
    this.#paidAt = Math.max(this.#paidAt, now - BURST_MS) +
      bytes / this.#bytesPerMs;
    return Math.max(0, this.#paidAt - now);
  }
}
