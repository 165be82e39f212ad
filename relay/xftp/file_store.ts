/**
 * The files (chunks) that the relay keeps: rows in the database, content on
 * disk. Nothing above this interface knows paths or SQL.
 *
 * @module
 */

import type { BlockingInfo } from "../smp/errors.ts";

/** State of a file. */
export type FileStatus =
  | { readonly type: "active" }
  | { readonly type: "blocked"; readonly info: BlockingInfo };

/** A file without its content. IDs are 16 bytes. */
export interface FileRecord {
  readonly senderId: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly senderKey: Uint8Array;
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
  /** Seconds since 1970, rounded to hours as the reference does. */
  readonly createdAt: number;
  readonly status: FileStatus;
  /** Whether the content is there, complete and on disk. */
  readonly uploaded: boolean;
}

/** A recipient of a file. */
export interface FileRecipient {
  readonly recipientId: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array;
}

/** An upload under way: bytes are written as they come. */
export interface Upload {
  /**
   * Takes the next bytes, which may be used again after the call; resolves
   * when it can take more, with false when they were too many or cannot be
   * written: then only `commit` or `abort` is left. One call at a time.
   */
  write(bytes: Uint8Array): Promise<boolean>;
  /**
   * Checks size and digest, makes the content durable (fsync, rename, row)
   * and resolves; afterwards the file is `uploaded`.
   */
  commit(): Promise<"ok" | "SIZE" | "DIGEST" | "FILE_IO" | "AUTH">;
  /** Throws away what was written; harmless after `commit`. */
  abort(): Promise<void>;
}

/** Content that is read once; must be disposed of, also when it was not. */
export interface FileContent extends AsyncIterable<Uint8Array>, Disposable {}

/** What is kept. All promises that change something resolve once it is on disk. */
export interface FileStore extends AsyncDisposable {
  /**
   * Adds a file. Its space is reserved for a while if there is some; if not,
   * `upload` tries again. "full": the disk has no room for the record.
   */
  add(
    file: Omit<FileRecord, "uploaded" | "status">,
    recipients: readonly FileRecipient[],
  ): Promise<"ok" | "duplicate" | "full">;
  /** "full": the disk has no room, or the file has as many as it may have. */
  addRecipients(
    senderId: Uint8Array,
    recipients: readonly FileRecipient[],
  ): Promise<"ok" | "duplicate" | "missing" | "full">;
  /** The file by the sender's ID. */
  bySender(senderId: Uint8Array): FileRecord | undefined;
  /** The file and the recipient's key by the recipient's ID. */
  byRecipient(
    recipientId: Uint8Array,
  ): { readonly file: FileRecord; readonly key: Uint8Array } | undefined;
  /**
   * Begins an upload. "missing": there is no such file any more; "quota": its
   * size does not fit; "io": the disk refuses.
   */
  upload(senderId: Uint8Array): Promise<Upload | "missing" | "quota" | "io">;
  /**
   * The content, in pieces, as fast as they are taken; `undefined` when it is
   * not there. A piece is the taker's, also to write into, until the next one.
   */
  read(senderId: Uint8Array): Promise<FileContent | undefined>;
  /** Removes rows and content, gives the space back. */
  delete(senderId: Uint8Array): Promise<boolean>;
  /** Removes one recipient after `FACK`. */
  deleteRecipient(recipientId: Uint8Array): Promise<void>;
  /** Removes the content, keeps the row with the reason. */
  block(senderId: Uint8Array, info: BlockingInfo): Promise<boolean>;
  /** Removes files made before `before` (seconds since 1970); counts them. */
  expire(before: number, signal?: AbortSignal): Promise<number>;
  /** Sums for statistics and status. */
  counts(): FileStoreCounts;
}

/** Sums over what a file store holds; sizes in bytes. */
export interface FileStoreCounts {
  readonly files: number;
  readonly uploaded: number;
  readonly bytesUsed: number;
  readonly bytesReserved: number;
  readonly quota: number;
}
