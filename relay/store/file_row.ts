/**
 * Files and their recipients as rows of the database, both ways.
 *
 * @module
 */

import type { FileRecord, FileStatus } from "../xftp/file_store.ts";
import type { Parameter } from "./group_codec.ts";
import { blob, blockingInfoOf, number, type Row } from "./queue_row.ts";
import { storeErrorOf } from "./database_errors.ts";

/** Columns that `fileOfRow` needs. */
export const FILE_COLUMNS = `f.sender_id AS sender_id, sender_key, size, digest,
  created_at, uploaded, status, blocking_reason, blocking_notice`;

/** Parameters of the statement `addFile`. */
export function fileParameters(file: FileRecord): Parameter[] {
  const info = file.status.type === "blocked" ? file.status.info : undefined;
  return [
    file.senderId,
    file.senderKey,
    file.size,
    file.digest,
    file.createdAt,
    file.uploaded ? 1 : 0,
    file.status.type,
    info?.reason ?? null,
    info?.notice ?? null,
  ];
}

/** The file of a row. Throws `StoreError` "corrupt" when it is not one. */
export function fileOfRow(row: Row): FileRecord {
  return {
    senderId: blob(row.sender_id),
    senderKey: blob(row.sender_key),
    size: number(row.size),
    digest: blob(row.digest),
    createdAt: number(row.created_at),
    status: statusOf(row),
    uploaded: number(row.uploaded) !== 0,
  };
}

function statusOf(row: Row): FileStatus {
  switch (row.status) {
    case "active":
      return { type: "active" };
    case "blocked":
      return { type: "blocked", info: blockingInfoOf(row) };
    default:
      throw storeErrorOf("corrupt");
  }
}
