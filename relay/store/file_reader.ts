/**
 * Reads of files and their recipients, through the reader's connection.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { FileRecord } from "../xftp/file_store.ts";
import { withStoreErrors } from "./database_errors.ts";
import { FILE_COLUMNS, fileOfRow } from "./file_row.ts";
import { blob, number } from "./queue_row.ts";

/** Sums over all files; sizes in bytes. */
export interface StoredFileCounts {
  readonly files: number;
  readonly uploaded: number;
  /** Of the files that are uploaded. */
  readonly bytesUsed: number;
}

/** A recipient with its file. */
export interface StoredRecipient {
  readonly file: FileRecord;
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Uint8Array;
}

/** What can be asked about files; sees what has been committed. */
export interface StoredFiles {
  /** The file with this sender ID, or `undefined`. */
  find(senderId: Uint8Array): FileRecord | undefined;
  /** The recipient's key and its file, or `undefined`. */
  findRecipient(recipientId: Uint8Array): StoredRecipient | undefined;
  /** Sender IDs of at most `limit` files from before `before`, oldest first. */
  madeBefore(before: number, limit: number): Uint8Array[];
  /** At most `limit` uploaded files after this sender ID, in order of IDs. */
  uploadedAfter(senderId: Uint8Array, limit: number): FileRecord[];
  /** Number of the file's recipients, in time in proportion to it. */
  recipientCount(senderId: Uint8Array): number;
  /** Takes time in proportion to the number of files. */
  counts(): StoredFileCounts;
}

/** Reads files. */
export class FileReader implements StoredFiles {
  readonly #find: StatementSync;
  readonly #findRecipient: StatementSync;
  readonly #madeBefore: StatementSync;
  readonly #uploadedAfter: StatementSync;
  readonly #recipientCount: StatementSync;
  readonly #counts: StatementSync;

  /** Throws what SQLite throws. */
  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      `SELECT ${FILE_COLUMNS} FROM files f WHERE sender_id = ?`,
    );
    this.#findRecipient = database.prepare(
      `SELECT ${FILE_COLUMNS}, r.key AS key FROM file_recipients r
      JOIN files f ON f.sender_id = r.sender_id WHERE recipient_id = ?`,
    );
    this.#madeBefore = database.prepare(
      `SELECT sender_id FROM files WHERE created_at < ?
      ORDER BY created_at LIMIT ?`,
    );
    this.#uploadedAfter = database.prepare(
      `SELECT ${FILE_COLUMNS} FROM files f WHERE sender_id > ?
      AND uploaded = 1 ORDER BY sender_id LIMIT ?`,
    );
    this.#recipientCount = database.prepare(
      "SELECT count(*) AS count FROM file_recipients WHERE sender_id = ?",
    );
    this.#counts = database.prepare(
      `SELECT count(*) AS files, ifnull(sum(uploaded), 0) AS uploaded,
      ifnull(sum(uploaded * size), 0) AS bytes_used FROM files`,
    );
  }

  find(senderId: Uint8Array): FileRecord | undefined {
    return withStoreErrors(() => {
      const row = this.#find.get(senderId);
      return row === undefined ? undefined : fileOfRow(row);
    });
  }

  findRecipient(recipientId: Uint8Array): StoredRecipient | undefined {
    return withStoreErrors(() => {
      const row = this.#findRecipient.get(recipientId);
      return row === undefined
        ? undefined
        : { file: fileOfRow(row), key: blob(row.key) };
    });
  }

  madeBefore(before: number, limit: number): Uint8Array[] {
    return withStoreErrors(() =>
      this.#madeBefore.all(before, limit).map((row) => blob(row.sender_id))
    );
  }

  uploadedAfter(senderId: Uint8Array, limit: number): FileRecord[] {
    return withStoreErrors(() =>
      this.#uploadedAfter.all(senderId, limit).map(fileOfRow)
    );
  }

  recipientCount(senderId: Uint8Array): number {
    return withStoreErrors(() =>
      number(this.#recipientCount.get(senderId)?.count)
    );
  }

  counts(): StoredFileCounts {
    const row = withStoreErrors(() => this.#counts.get());
    return {
      files: number(row?.files),
      uploaded: number(row?.uploaded),
      bytesUsed: number(row?.bytes_used),
    };
  }
}
