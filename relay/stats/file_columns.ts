/**
 * The columns of the daily file about files, in the order of the reference
 * (simplexmq 6.5.5, `logServerStats` in `Simplex.FileTransfer.Server`), under
 * the names of its `FileServerStats`.
 *
 * @module
 */

import type { FileCounter } from "../xftp/server/statistics.ts";
import type { EndedPeriods } from "./active_queues.ts";
import type { FinishedFilePeriod } from "./file_totals.ts";

/** What a line is made of. */
export interface FileDailyValues extends FinishedFilePeriod {
  /** Files whose content is there, and their size in bytes. */
  readonly stored: { readonly uploaded: number; readonly bytesUsed: number };
}

type Column = readonly [
  name: string,
  value: (values: FileDailyValues) => string | number,
];

const grown = (name: FileCounter): Column => [
  name,
  ({ growth }) => growth[name],
];

/** Empty while the week or month goes on. */
const downloaded = (name: string, period: keyof EndedPeriods): Column => [
  name,
  (values) => values.downloaded[period] ?? "",
];

const COLUMNS: readonly Column[] = [
  ["date", ({ from }) => new Date(from).toISOString().slice(0, 10)],
  grown("filesCreated"),
  grown("fileRecipients"),
  grown("filesUploaded"),
  grown("filesDeleted"),
  downloaded("dayCount", "day"),
  downloaded("weekCount", "week"),
  downloaded("monthCount", "month"),
  grown("fileDownloads"),
  grown("fileDownloadAcks"),
  ["filesCount", ({ stored }) => stored.uploaded],
  ["filesSize", ({ stored }) => stored.bytesUsed],
  grown("filesExpired"),
];

/** The first line of the file, without its end. */
export const FILE_DAILY_HEADER = COLUMNS.map(([name]) => name).join(",");

/** A line of the file, without its end. */
export function fileDailyLine(values: FileDailyValues): string {
  return COLUMNS.map(([, value]) => value(values)).join(",");
}
