/**
 * Queue records as rows of the database, both ways.
 *
 * @module
 */

import type { QueueMode } from "../smp/commands.ts";
import type { BlockingInfo } from "../smp/errors.ts";
import { storeErrorOf } from "./database_errors.ts";
import type { Parameter } from "./group_codec.ts";
import type {
  LinkRecord,
  NotifierRecord,
  QueueRecord,
  QueueStatus,
  StoredQueue,
} from "./store.ts";

/** A row as `node:sqlite` gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns that `queueOfRow` needs, of `queues` and (outer joined) `links`. */
export const QUEUE_COLUMNS = `q.key AS key, recipient_id, sender_id,
  recipient_keys, recipient_dh_secret, sender_key, mode, notifier_id,
  notifier_key, notifier_dh_secret, notifier_service_id, status,
  blocking_reason, blocking_notice, updated_day, recipient_service_id,
  l.id AS link_id, l.fixed AS link_fixed, l.user AS link_user`;

/** Parameters 1 to 14 of the statements `addQueue` and `updateQueue`. */
export function queueParameters(key: number, record: QueueRecord): Parameter[] {
  const { status, notifier } = record;
  const info = status.type === "blocked" ? status.info : undefined;
  return [
    key,
    encodeKeys(record.recipientKeys),
    record.recipientDhSecret,
    record.senderKey ?? null,
    record.mode ?? null,
    notifier?.id ?? null,
    notifier?.key ?? null,
    notifier?.dhSecret ?? null,
    notifier?.serviceId ?? null,
    status.type,
    info?.reason ?? null,
    info?.notice ?? null,
    record.updatedDay ?? null,
    record.recipientServiceId ?? null,
  ];
}

/** The queue of a row. Throws `StoreError` "corrupt" when it is not one. */
export function queueOfRow(row: Row): StoredQueue {
  const senderKey = optionalBlob(row.sender_key);
  const mode = modeOf(row.mode);
  const link = linkOf(row);
  const notifier = notifierOf(row);
  const updatedDay = row.updated_day === null
    ? undefined
    : number(row.updated_day);
  const recipientServiceId = optionalBlob(row.recipient_service_id);
  return {
    key: number(row.key),
    record: {
      recipientId: blob(row.recipient_id),
      senderId: blob(row.sender_id),
      recipientKeys: decodeKeys(blob(row.recipient_keys)),
      recipientDhSecret: blob(row.recipient_dh_secret),
      ...(senderKey && { senderKey }),
      ...(mode && { mode }),
      ...(link && { link }),
      ...(notifier && { notifier }),
      status: statusOf(row),
      ...(updatedDay !== undefined && { updatedDay }),
      ...(recipientServiceId && { recipientServiceId }),
    },
  };
}

/** A number of a row. Throws `StoreError` "corrupt" when it is not one. */
export function number(value: unknown): number {
  if (typeof value !== "number") throw storeErrorOf("corrupt");
  return value;
}

/** A BLOB of a row. Throws `StoreError` "corrupt" when it is not one. */
export function blob(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw storeErrorOf("corrupt");
  return value;
}

/** A BLOB of a row or NULL. Throws `StoreError` "corrupt" for another. */
export function optionalBlob(value: unknown): Uint8Array | undefined {
  return value === null ? undefined : blob(value);
}

function modeOf(value: unknown): QueueMode | undefined {
  if (value === null) return undefined;
  if (value === "M" || value === "C") return value;
  throw storeErrorOf("corrupt");
}

function linkOf(row: Row): LinkRecord | undefined {
  if (row.link_id === null) return undefined;
  return {
    id: blob(row.link_id),
    fixed: blob(row.link_fixed),
    user: blob(row.link_user),
  };
}

function notifierOf(row: Row): NotifierRecord | undefined {
  if (row.notifier_id === null) return undefined;
  const serviceId = optionalBlob(row.notifier_service_id);
  return {
    id: blob(row.notifier_id),
    key: blob(row.notifier_key),
    dhSecret: blob(row.notifier_dh_secret),
    ...(serviceId && { serviceId }),
  };
}

function statusOf(row: Row): QueueStatus {
  switch (row.status) {
    case "active":
    case "off":
      return { type: row.status };
    case "blocked":
      return { type: "blocked", info: blockingInfoOf(row) };
    default:
      throw storeErrorOf("corrupt");
  }
}

/** Why a queue or file is blocked. Throws `StoreError` "corrupt". */
export function blockingInfoOf(row: Row): BlockingInfo {
  const { blocking_reason: reason, blocking_notice: notice } = row;
  if (reason !== "spam" && reason !== "content") throw storeErrorOf("corrupt");
  return typeof notice === "string" ? { reason, notice } : { reason };
}

/** Keys or certificates as `*(length (uint16) *byte)`, big-endian. */
export function encodeKeys(keys: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    keys.reduce((sum, key) => sum + 2 + key.length, 0),
  );
  let at = 0;
  for (const key of keys) {
    bytes[at] = key.length >> 8;
    bytes[at + 1] = key.length;
    bytes.set(key, at + 2);
    at += 2 + key.length;
  }
  return bytes;
}

/** What {@link encodeKeys} wrote. Throws `StoreError` "corrupt". */
export function decodeKeys(bytes: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 + (bytes[at] << 8 | bytes[at + 1]);
    if (!(end <= bytes.length)) throw storeErrorOf("corrupt");
    keys.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (keys.length === 0) throw storeErrorOf("corrupt");
  return keys;
}
