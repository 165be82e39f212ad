/**
 * Metrics of XFTP with the reference's names (simplexmq 6.5.5,
 * `Simplex.FileTransfer.Server.Prometheus`).
 *
 * @module
 */

import type { FileCounterValues } from "../xftp/server/statistics.ts";
import { type Metric, single } from "./metric.ts";

const PREFIX = "simplex_xftp_";

/** What the metrics are read from. */
export interface FileMetricsSource {
  readonly counters: FileCounterValues;
  /** Files whose content is there, and their size in bytes. */
  readonly stored: { readonly uploaded: number; readonly bytesUsed: number };
  /** Different files that were downloaded in a period. */
  readonly downloaded: Readonly<Record<"day" | "week" | "month", number>>;
  readonly version: string;
}

/** The reference's metrics, in its order. */
export function fileMetrics(source: FileMetricsSource): Metric[] {
  const { counters, stored, downloaded, version } = source;
  const counter = (name: string, value: number, help: string) =>
    single(PREFIX + name, "counter", { help, value });
  const gauge = (name: string, value: number, help: string) =>
    single(PREFIX + name, "gauge", { help, value });
  return [
    counter("files_created", counters.filesCreated, "Files announced"),
    counter("files_recipients", counters.fileRecipients, "Recipients of files"),
    counter("files_uploaded", counters.filesUploaded, "Files uploaded"),
    counter("files_expired", counters.filesExpired, "Files that expired"),
    counter("files_deleted", counters.filesDeleted, "Files deleted"),
    counter("files_blocked", counters.filesBlocked, "Files blocked"),
    counter("file_downloads", counters.fileDownloads, "Downloads begun"),
    counter(
      "file_download_acks",
      counters.fileDownloadAcks,
      "Downloads acknowledged",
    ),
    gauge("files_count_total", stored.uploaded, "Files with their content"),
    gauge("files_size", stored.bytesUsed, "Size of all contents in bytes"),
    gauge("files_count_daily", downloaded.day, "Files downloaded today"),
    gauge("files_count_weekly", downloaded.week, "Files downloaded this week"),
    gauge(
      "files_count_monthly",
      downloaded.month,
      "Files downloaded this month",
    ),
    {
      name: `${PREFIX}info`,
      type: "gauge",
      help: "The program",
      samples: [{ labels: { version, rts_options: "" }, value: 1 }],
    },
  ];
}
