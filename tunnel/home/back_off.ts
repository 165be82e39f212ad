/**
 * How long to wait before trying again.
 *
 * @module
 */

/** First pause, ms. */
const FIRST_MS = 500;
/** Longest pause, ms. */
const LONGEST_MS = 60_000;

/** Pauses that double, each with jitter so that not all come back at once. */
export class BackOff {
  #nextMs = FIRST_MS;

  /** The next pause, ms: between half and all of what it has grown to. */
  next(): number {
    const pause = this.#nextMs * (0.5 + Math.random() / 2);
    this.#nextMs = Math.min(2 * this.#nextMs, LONGEST_MS);
    return pause;
  }

  /** It worked: the next pause is short again. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
