/**
 * The XFTP server.
 *
 * @module
 */

export type { XftpOptions } from "./context.ts";
export {
  type FileOverview,
  XftpServer,
  type XftpServerParts,
  type XftpStatus,
} from "./server.ts";
export {
  FILE_COUNTERS,
  type FileCounter,
  type FileCounterValues,
  type FileStatistics,
} from "./statistics.ts";
