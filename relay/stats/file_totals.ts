/**
 * What the relay counts about files: sums, never anything about one client or
 * one file (simplexmq 6.5.5, `Simplex.FileTransfer.Server.Stats`).
 *
 * @module
 */

import {
  FILE_COUNTERS,
  type FileCounter,
  type FileCounterValues,
  type FileStatistics,
} from "../xftp/server/statistics.ts";
import { ActiveQueues, type EndedPeriods } from "./active_queues.ts";
import { isTime, parseJson, recordOf } from "./backup_text.ts";

/** What happened to files between two lines of their daily file. */
export interface FinishedFilePeriod {
  /** Begin: milliseconds since 1970. */
  readonly from: number;
  /** Growth of the counters. */
  readonly growth: FileCounterValues;
  /** Different files that were downloaded, where a period has ended. */
  readonly downloaded: EndedPeriods;
}

const FORMAT = 1;

/** Counts of files since statistics began. */
export class FileTotals implements FileStatistics {
  /** Different files that were downloaded, by sender ID. */
  readonly downloaded = new ActiveQueues();
  #counts: Record<FileCounter, number> = valuesOf({});
  /** Counts when the period began. */
  #base: FileCounterValues = valuesOf({});
  #since: number;
  #from: number;

  constructor(now: number = Date.now()) {
    this.#since = now;
    this.#from = now;
  }

  add(name: FileCounter, amount = 1): void {
    this.#counts[name] += amount;
  }

  fileDownloaded(senderId: Uint8Array): void {
    this.downloaded.add(senderId);
  }

  /** When counting began: milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** When the period began: milliseconds since 1970 (`fromTime`). */
  get from(): number {
    return this.#from;
  }

  /** All counters. */
  snapshot(): FileCounterValues {
    return { ...this.#counts };
  }

  /** Growth of the counters since the period began. */
  get growth(): FileCounterValues {
    const growth = this.snapshot() as Record<FileCounter, number>;
    for (const name of FILE_COUNTERS) growth[name] -= this.#base[name];
    return growth;
  }

  /** Ends the period that goes on, and begins the next one. */
  endPeriod(now: number = Date.now()): FinishedFilePeriod {
    const from = this.#from;
    const finished = {
      from,
      growth: this.growth,
      downloaded: this.downloaded.end({ from, now }),
    };
    this.#from = now;
    this.#base = this.snapshot();
    return finished;
  }

  /** All of it as JSON text, to keep over a restart. */
  encode(): string {
    return JSON.stringify({
      format: FORMAT,
      since: this.#since,
      from: this.#from,
      counters: this.#counts,
      base: this.#base,
      downloaded: this.downloaded.backup(),
    });
  }

  /**
   * Takes over what `encode` gave. False where the text is something else: then
   * counting begins at zero.
   */
  restore(text: string): boolean {
    const backup = recordOf(parseJson(text));
    const counters = recordOf(backup?.counters);
    if (backup?.format !== FORMAT || counters === undefined) return false;
    const { since, from } = backup;
    if (!isTime(since) || !isTime(from)) return false;
    this.#since = since;
    this.#from = from;
    this.#counts = valuesOf(counters);
    this.#base = valuesOf(recordOf(backup.base) ?? {});
    this.downloaded.restore(backup.downloaded);
    return true;
  }
}

/** The counters among these values; what is missing or damaged is 0. */
function valuesOf(
  values: Readonly<Record<string, unknown>>,
): Record<FileCounter, number> {
  // The names are those of the type.
  return Object.fromEntries(FILE_COUNTERS.map((name) => {
    const value = values[name];
    return [name, Number.isSafeInteger(value) ? Number(value) : 0];
  })) as Record<FileCounter, number>;
}
