/**
 * From the settings to what is recorded, and from its errors to words.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { Health } from "./health.ts";
import type {
  RecorderOptions,
  RecorderPart,
  Statistics,
  StoredCounts,
} from "./stats/mod.ts";

/** What an owner can do about a part that does not work. */
const WORDS: Readonly<
  Record<RecorderPart, { readonly reason: string; readonly setting: string }>
> = {
  "statistics file": {
    reason: "Statistics cannot be kept over a restart",
    setting: "stats.backup_file",
  },
  "daily statistics": {
    reason: "The daily statistics cannot be written",
    setting: "stats.daily_file",
  },
  "metrics file": {
    reason: "The file with metrics cannot be written",
    setting: "stats.prometheus_file",
  },
  "metrics endpoint": {
    reason: "Metrics cannot be served",
    setting: "metrics.address",
  },
};

/** What to record as the settings say. */
export function recorderOptions(
  { stats, metrics: { address } }: Config,
  { health, ...sources }: {
    readonly statistics: Statistics;
    readonly stored: () => StoredCounts;
    readonly metrics: () => string;
    /** Told what does not work. */
    readonly health: Pick<Health, "set">;
  },
): RecorderOptions {
  return {
    ...sources,
    backupFile: stats.backupFile,
    dailyFile: stats.dailyFile,
    intervalMs: stats.intervalMs,
    startTimeMs: stats.startTimeMs,
    metricsFile: stats.prometheusFile,
    metricsIntervalMs: stats.prometheusIntervalMs,
    metricsAddress: address,
    onState(part, error) {
      if (error === undefined) return health.set(part);
      const { reason, setting } = WORDS[part];
      const why = error instanceof Error ? error.message : String(error);
      health.set(part, {
        reason: `${reason}: ${why}`,
        remedy: `Look at ${setting} in porchlight.toml.`,
      });
    },
  };
}
