/**
 * How much a peer may send on one stream before it is read, and how that grows
 * to fill the path: doubled while a window is used up within two round trips.
 *
 * @module
 */

import { INITIAL_WINDOW } from "./frames.ts";

/** Largest window of a stream, bytes: 64 MB/s at 60 ms. */
export const MAX_WINDOW = 4 * 1024 * 1024;

/** Window while much waits on the whole link, bytes. */
const SCARCE_WINDOW = 64 * 1024;

/** What windows of a link have grown by together, and may. */
export class WindowBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes `bytes` if they are there. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** The window of one stream. */
export class ReceiveWindow {
  readonly #budget: WindowBudget;
  /** Bytes that may be under way or unread at a time. */
  #size = INITIAL_WINDOW;
  /** Bytes that the peer may still send. */
  #room = INITIAL_WINDOW;
  /** When room was given last, ms. */
  #givenAt: number;

  constructor(budget: WindowBudget, now: number) {
    this.#budget = budget;
    this.#givenAt = now;
  }

  /** Counts bytes that have come; false when the peer had no room for them. */
  receive(bytes: number): boolean {
    this.#room -= bytes;
    return this.#room >= 0;
  }

  /**
   * Room to give the peer now that only `unread` bytes wait here: 0 until it is
   * worth a frame. `scarce`: much waits on the whole link, and each stream has
   * to do with little.
   */
  update(
    unread: number,
    { now, rttMs, scarce }: { now: number; rttMs: number; scarce: boolean },
  ): number {
    const size = scarce ? Math.min(SCARCE_WINDOW, this.#size) : this.#size;
    if (size - this.#room - unread < size / 2) return 0;
    const fast = now - this.#givenAt < 2 * rttMs;
    if (fast && !scarce && this.#size < MAX_WINDOW) {
      if (this.#budget.take(this.#size)) this.#size *= 2;
    }
    this.#givenAt = now;
    const wanted = scarce ? size : this.#size;
    const given = wanted - this.#room - unread;
    this.#room += given;
    return given;
  }

  /** Gives back what the window has grown by. */
  release(): void {
    this.#budget.give(this.#size - INITIAL_WINDOW);
    this.#size = INITIAL_WINDOW;
  }
}
