/**
 * What is done with the statistics of files by the clock: their backup and
 * their daily file, each beside that of messages.
 *
 * @module
 */

import { StatisticsBackup } from "./backup.ts";
import { DailyFile, untilTimeOfDay } from "./daily_file.ts";
import {
  FILE_DAILY_HEADER,
  fileDailyLine,
  type FileDailyValues,
} from "./file_columns.ts";
import type { FileTotals } from "./file_totals.ts";
import { repeat, type Repeated } from "./repeat.ts";

/** Between two writings of the backup, ms. */
const BACKUP_MS = 5 * 60_000;

/** Parts that are told of when they do not work. */
export type FileRecorderPart = "file statistics" | "daily file statistics";

/** What to record and where. Paths may be empty: not at all. */
export interface FileRecorderOptions {
  readonly statistics: FileTotals;
  readonly stored: () => FileDailyValues["stored"];
  /** Paths of the files for messages; see {@link besidePath}. */
  readonly backupFile: string;
  readonly dailyFile: string;
  /** Length of a period, and time after midnight at which the first ends. */
  readonly intervalMs: number;
  readonly startTimeMs: number;
  /** Told of what does not work, and of what works (without an error). */
  readonly onState: (part: FileRecorderPart, error?: unknown) => void;
}

/** Records until it is stopped. */
export class FileRecorder implements AsyncDisposable {
  readonly #options: FileRecorderOptions;
  readonly #backup: StatisticsBackup | undefined;
  readonly #daily: DailyFile | undefined;
  readonly #repeated: Repeated[] = [];

  constructor(options: FileRecorderOptions) {
    this.#options = options;
    const { backupFile, dailyFile, statistics } = options;
    this.#backup = backupFile === ""
      ? undefined
      : new StatisticsBackup(besidePath(backupFile), statistics);
    this.#daily = dailyFile === ""
      ? undefined
      : new DailyFile(besidePath(dailyFile), FILE_DAILY_HEADER);
  }

  /** Takes over the backup and starts. What does not work is told. */
  async start(): Promise<void> {
    const { intervalMs, startTimeMs, onState } = this.#options;
    if (this.#backup !== undefined) {
      if (await this.#backup.restore() === "not readable") {
        onState(
          "file statistics",
          new Error("It holds no statistics; they begin anew."),
        );
      }
      this.#every(BACKUP_MS, "file statistics", () => this.save());
    }
    this.#every(intervalMs, "daily file statistics", () => this.#endPeriod(), {
      firstMs: untilTimeOfDay(startTimeMs, Date.now()),
    });
  }

  /** Writes the backup. @throws what writing a file throws */
  async save(): Promise<void> {
    await this.#backup?.save();
  }

  /** Stops, and writes the backup for the last time. */
  async stop(): Promise<void> {
    if (this.#repeated.length === 0) return;
    const stopped = this.#repeated.splice(0).map((each) => each.stop());
    await Promise.all(stopped);
    await this.#try("file statistics", () => this.save());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #endPeriod(): Promise<void> {
    const { statistics, stored } = this.#options;
    const finished = statistics.endPeriod();
    await this.#daily?.add(fileDailyLine({ ...finished, stored: stored() }));
  }

  #every(
    everyMs: number,
    part: FileRecorderPart,
    action: () => Promise<void>,
    options: { firstMs?: number } = {},
  ): void {
    this.#repeated.push(
      repeat(() => this.#try(part, action), {
        everyMs,
        ...options,
        onError: (error) => this.#options.onState(part, error),
      }),
    );
  }

  async #try(
    part: FileRecorderPart,
    action: () => Promise<void>,
  ): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#options.onState(part, error);
      return;
    }
    this.#options.onState(part);
  }
}

/**
 * Where the file for files is, beside that for messages:
 * `statistics-files.json` beside `statistics.json`.
 */
export function besidePath(path: string): string {
  const [, stem, suffix] = /^(.*?)(\.[^./]*)?$/s.exec(path) ?? [];
  return `${stem}-files${suffix ?? ""}`;
}
