/**
 * What is done with statistics by the clock: the backup, the daily file, the
 * metrics file and the metrics endpoint.
 *
 * @module
 */

import { StatisticsBackup } from "./backup.ts";
import { DAILY_HEADER, dailyLine } from "./daily_columns.ts";
import { DailyFile, untilTimeOfDay } from "./daily_file.ts";
import type { StoredCounts } from "./gauges.ts";
import { type MetricsServer, serveMetrics } from "./metrics_server.ts";
import { repeat, type Repeated } from "./repeat.ts";
import type { Statistics } from "./statistics.ts";

/** Between two writings of the backup, ms. */
const BACKUP_MS = 5 * 60_000;

/** Parts that are told of when they do not work. */
export type RecorderPart =
  | "statistics file"
  | "daily statistics"
  | "metrics file"
  | "metrics endpoint";

/** What to record and where. Paths and the address may be empty: not at all. */
export interface RecorderOptions {
  readonly statistics: Statistics;
  readonly stored: () => StoredCounts;
  /** The metrics as text. */
  readonly metrics: () => string;
  readonly backupFile: string;
  readonly dailyFile: string;
  /** Length of a period, and time after midnight at which the first ends. */
  readonly intervalMs: number;
  readonly startTimeMs: number;
  readonly metricsFile: string;
  readonly metricsIntervalMs: number;
  /** `127.0.0.1:9483` */
  readonly metricsAddress: string;
  /** Told of what does not work, and of what works (without an error). */
  readonly onState: (part: RecorderPart, error?: unknown) => void;
}

/** Records until it is stopped. */
export class Recorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  readonly #backup: StatisticsBackup | undefined;
  readonly #daily: DailyFile;
  readonly #repeated: Repeated[] = [];
  #server: MetricsServer | undefined;
  #started = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#daily = new DailyFile(options.dailyFile, DAILY_HEADER);
    this.#backup = options.backupFile === ""
      ? undefined
      : new StatisticsBackup(options.backupFile, options.statistics);
  }

  /** Where the metrics are: `http://127.0.0.1:9483/metrics`. */
  get metricsUrl(): string | undefined {
    return this.#server?.url;
  }

  /** Writes the backup. @throws what writing a file throws */
  async save(): Promise<void> {
    await this.#backup?.save();
  }

  /** Stops, and writes the backup for the last time. */
  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    await Promise.all(this.#repeated.map((each) => each.stop()));
    await this.#server?.stop();
    await this.#try("statistics file", () => this.save());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Takes over the backup and starts. What does not work is told. */
  async start(): Promise<void> {
    const { intervalMs, startTimeMs, metricsFile, metricsIntervalMs } =
      this.#options;
    if (this.#backup !== undefined) {
      if (await this.#backup.restore() === "not readable") {
        this.#options.onState(
          "statistics file",
          new Error("It holds no statistics; they begin anew."),
        );
      }
      this.#every(BACKUP_MS, "statistics file", () => this.save());
    }
    this.#every(intervalMs, "daily statistics", () => this.#endPeriod(), {
      firstMs: untilTimeOfDay(startTimeMs, Date.now()),
    });
    if (metricsFile !== "") {
      // The first one soon, for whoever waits for the file.
      this.#every(
        metricsIntervalMs,
        "metrics file",
        () => this.#writeMetrics(),
        { firstMs: 0 },
      );
    }
    this.#serve();
    this.#started = true;
  }

  #every(
    everyMs: number,
    part: RecorderPart,
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

  async #try(part: RecorderPart, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#options.onState(part, error);
      return;
    }
    this.#options.onState(part);
  }

  async #endPeriod(): Promise<void> {
    const { statistics, stored, dailyFile } = this.#options;
    const counts = dailyFile === "" ? undefined : stored();
    const finished = statistics.endPeriod();
    if (counts === undefined) return;
    await this.#daily.add(dailyLine({
      ...finished,
      totals: statistics.counters.snapshot(),
      stored: counts,
    }));
  }

  /**
   * A reader sees the old file or the new one, never half of one. After a power
   * cut it may be empty: to sync it would cost more than it is worth.
   */
  async #writeMetrics(): Promise<void> {
    const { metrics, metricsFile } = this.#options;
    const temporary = `${metricsFile}.new`;
    await Deno.writeTextFile(temporary, metrics(), { mode: 0o644 });
    await Deno.rename(temporary, metricsFile);
  }

  #serve(): void {
    const { metrics, metricsAddress, onState } = this.#options;
    if (metricsAddress === "") return;
    try {
      this.#server = serveMetrics({
        address: metricsAddress,
        metrics,
        onError: (error) => onState("metrics endpoint", error),
      });
    } catch (error) {
      onState("metrics endpoint", error);
    }
  }
}
