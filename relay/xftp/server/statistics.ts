/**
 * Counts of what the server did with files, with the reference's names and
 * meaning (simplexmq 6.5.5, `Simplex.FileTransfer.Server.Stats`). They only
 * grow; nothing of one client or one file is kept.
 *
 * @module
 */

/**
 * Names of the counters. The last one is not in the reference: `filesBlocked`
 * counts each piece of what a person calls a file, this one what the owner did.
 */
export const FILE_COUNTERS = [
  "filesCreated",
  "fileRecipients",
  "filesUploaded",
  "filesExpired",
  "filesDeleted",
  "filesBlocked",
  "fileDownloads",
  "fileDownloadAcks",
  "blockRequests",
] as const;

/** Name of a counter. */
export type FileCounter = typeof FILE_COUNTERS[number];

/** Values of all counters. */
export type FileCounterValues = Readonly<Record<FileCounter, number>>;

/** What the server tells of its work. */
export interface FileStatistics {
  /** Adds `amount` (1) to a counter. */
  add(name: FileCounter, amount?: number): void;
  /** A download of this file has begun. */
  fileDownloaded(senderId: Uint8Array): void;
}
