/**
 * Whether there is room for more, asked before the disk is full. On a disk
 * that is full to the last byte SQLite can delete nothing either, because a
 * deletion is first of all an entry in the WAL; so adding stops while a
 * reserve is left, and what is delivered or expires makes room.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Where room is looked for. Sizes in bytes. */
export interface DiskRoomOptions {
  /** The database. */
  readonly path: string;
  /** There is room while so much is free. */
  readonly reserveBytes: number;
  /** Bytes in the database that are free for new rows. */
  readonly freeInside: () => number;
}

/** Written bytes after which the disk is asked again, per byte of reserve. */
const ASK_SHARE = 1 / 32;

/** Time after which the disk is asked again, ms. */
const ASK_MS = 1000;

/** Watches the room for the store's files. */
export class DiskRoom {
  readonly #options: DiskRoomOptions;
  #hasRoom = true;
  #written = 0;
  #asked = -Infinity;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  /** Whether more may be added, with `bytes` written since the last call. */
  afterWriting(bytes: number): boolean {
    this.#written += bytes;
    const due = this.#written >= this.#options.reserveBytes * ASK_SHARE ||
      performance.now() - this.#asked >= ASK_MS;
    if (due) this.#ask();
    return this.#hasRoom;
  }

  /**
   * A database does not shrink, so room inside it counts for half: the other
   * half must be outside, for the WAL.
   */
  #ask(): void {
    this.#written = 0;
    this.#asked = performance.now();
    const { path, reserveBytes, freeInside } = this.#options;
    const { bavail, bsize } = statfsSync(dirname(path));
    const outside = bavail * bsize;
    this.#hasRoom = outside >= reserveBytes ||
      (outside >= reserveBytes / 2 && freeInside() >= reserveBytes / 2);
  }
}
