/**
 * What a peer may do in vain: frames that cost work and bring nothing, as
 * floods of them do (rapid reset, CVE-2023-44487; empty frames, PING, SETTINGS
 * and others of CVE-2019-9511 to 9518).
 *
 * @module
 */

import { connectionError } from "./errors.ts";

/** The time in which all is given back, milliseconds. */
const REFILL_MS = 60_000;
/** What an exchange that ended well gives back. */
const EXCHANGE = 8;

/** Counts down; refilled by time and by exchanges that end well. */
export class Budget {
  readonly #size: number;
  #left: number;
  #last = performance.now();

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** @throws {Http2Error} of the connection, when there is nothing left */
  spend(): void {
    if (--this.#left >= 0) return;
    const now = performance.now();
    this.#give((now - this.#last) / REFILL_MS * this.#size);
    this.#last = now;
    if (this.#left < 0) {
      throw connectionError("ENHANCE_YOUR_CALM", "Too many frames in vain");
    }
  }

  /** An exchange has ended well. */
  earn(): void {
    this.#give(EXCHANGE);
  }

  #give(count: number): void {
    this.#left = Math.min(this.#size, this.#left + count);
  }
}
