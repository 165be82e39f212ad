/**
 * How much a peer may send on one stream before it is read, and how that grows
 * to fill the path: doubled while a window is used up within two round trips.
 *
 * @module
 */

import { INITIAL_WINDOW } from "./frames.ts";

/** Largest window of a stream, bytes: 64 MB/s at 60 ms. */
export const MAX_WINDOW = 4 * 1024 * 1024;

/** Smallest window, of a stream that is read slowly while much waits, bytes. */
const LEAST_WINDOW = 64 * 1024;

/** What windows of a link have grown by together, and may. */
export class WindowBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /**
   * Takes `bytes` if they are no more than a quarter of what is left: those who
   * come first leave something to others.
   */
  take(bytes: number): boolean {
    if (bytes > this.#left / 4) return false;
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
   * worth a frame. `scarce`: much waits on the whole link, so that a stream that
   * is read slowly gets less and less room; one that is read at once does not
   * notice.
   */
  update(
    unread: number,
    { now, rttMs, scarce }: { now: number; rttMs: number; scarce: boolean },
  ): number {
    if (this.#size - this.#room - unread < this.#size / 2) return 0;
    if (scarce && unread > this.#size / 4) {
      this.#resize(Math.max(this.#size / 2, LEAST_WINDOW));
    } else if (now - this.#givenAt < 2 * rttMs && this.#size < MAX_WINDOW) {
      this.#resize(2 * this.#size);
    }
    const given = this.#size - this.#room - unread;
    if (given < this.#size / 4) return 0;
    this.#givenAt = now;
    this.#room += given;
    return given;
  }

  /** Gives back what the window has grown by. */
  release(): void {
    this.#resize(INITIAL_WINDOW);
  }

  /** Changes the size, if what it grows by is there. */
  #resize(size: number): void {
    const more = grown(size) - grown(this.#size);
    if (more > 0 && !this.#budget.take(more)) return;
    if (more < 0) this.#budget.give(-more);
    this.#size = size;
  }
}

/** What a window of this size takes of the budget. */
function grown(size: number): number {
  return Math.max(0, size - INITIAL_WINDOW);
}
