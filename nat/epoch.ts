/**
 * Whether a router still knows what it granted, read from its clock of
 * "seconds since I lost my memory".
 *
 * @module
 */

/** Seconds. */
const YOUNG = 60;

/** The clock of one router (RFC 6886 section 3.6, RFC 6887 section 8.5). */
export class RouterEpoch {
  #seconds: number | undefined;
  #at = 0;

  /**
   * The clock is too young to tell whether the router restarted: it would show
   * about the same.
   */
  get isYoung(): boolean {
    return this.#seconds === undefined || this.#seconds < YOUNG;
  }

  /**
   * Takes the epoch of an answer. False when the router lost its mappings since
   * the answer before.
   *
   * @param seconds the router's epoch
   * @param now monotonic time of this machine, milliseconds
   */
  accept(seconds: number, now: number = performance.now()): boolean {
    const before = this.#seconds;
    const passed = Math.floor(now / 1000) - Math.floor(this.#at / 1000);
    this.#seconds = seconds;
    this.#at = now;
    if (before === undefined) return true;
    // One second back: an answer that was overtaken.
    if (seconds + 1 < before) return false;
    const routerPassed = seconds - before;
    return passed + 2 >= routerPassed - Math.floor(routerPassed / 16) &&
      routerPassed + 2 >= passed - Math.floor(passed / 16);
  }
}
