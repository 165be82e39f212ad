/**
 * Counters of a server in a test.
 *
 * @module
 */

import {
  FILE_COUNTERS,
  type FileCounter,
  type FileCounterValues,
  type FileStatistics,
} from "../../relay/xftp/server/mod.ts";

/** Counters in memory. */
export class XftpCounts implements FileStatistics {
  readonly #counts = new Map<FileCounter, number>();
  /** Told of each download with the file's sender ID. */
  onDownload: ((senderId: Uint8Array) => void) | undefined;

  add(name: FileCounter, amount = 1): void {
    this.#counts.set(name, this.get(name) + amount);
  }

  /** The counter's value. */
  get(name: FileCounter): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All counters. */
  snapshot(): FileCounterValues {
    // The names are those of the type.
    return Object.fromEntries(
      FILE_COUNTERS.map((name) => [name, this.get(name)]),
    ) as FileCounterValues;
  }

  fileDownloaded(senderId: Uint8Array): void {
    this.onDownload?.(senderId);
  }
}
