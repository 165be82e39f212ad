/**
 * Flow control (RFC 9113 section 5.2): how many bytes of bodies one side lets
 * the other send, for each stream and for the connection.
 *
 * @module
 */

import { MAX_31_BITS } from "./frames.ts";

/** How much we may send. Below zero after the peer has made windows smaller. */
export class SendWindow {
  #available: number;

  constructor(available: number) {
    this.#available = available;
  }

  get available(): number {
    return this.#available;
  }

  /** Takes what is sent. */
  take(bytes: number): void {
    this.#available -= bytes;
  }

  /** False when the window would grow over 2^31 - 1, which is an error. */
  add(bytes: number): boolean {
    if (this.#available + bytes > MAX_31_BITS) return false;
    this.#available += bytes;
    return true;
  }
}

/** How much the peer may send. */
export class ReceiveWindow {
  #size: number;
  /** What the peer may still send. */
  #available: number;
  /** What is to be given back to the peer. */
  #owed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#available = size;
  }

  get size(): number {
    return this.#size;
  }

  /** False when the peer has sent more than it may. */
  receive(bytes: number): boolean {
    if (bytes > this.#available) return false;
    this.#available -= bytes;
    return true;
  }

  /**
   * Gives room back; returns the increment to tell the peer, or 0 while less
   * than half of the window would be gained by telling.
   */
  release(bytes: number): number {
    this.#owed += bytes;
    if (this.#owed * 2 < this.#size) return 0;
    const increment = this.#owed;
    this.#owed = 0;
    this.#available += increment;
    return increment;
  }

  /** Makes it larger; returns the increment to tell the peer. */
  grow(size: number): number {
    if (size <= this.#size) return 0;
    const increment = size - this.#size + this.#owed;
    this.#size = size;
    this.#owed = 0;
    this.#available += increment;
    return increment;
  }
}
