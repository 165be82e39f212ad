/**
 * Queues and messages for the tests of the store.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import type { MessageMeta, QueueRecord, Store } from "../mod.ts";

/** Random bytes in an array of their own. */
export function random(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(length));
}

/** A queue with the fields that every queue has, and `fields`. */
export function queueRecord(fields: Partial<QueueRecord> = {}): QueueRecord {
  return {
    recipientId: random(24),
    senderId: random(24),
    recipientKeys: [random(44)],
    recipientDhSecret: random(32),
    status: { type: "active" },
    ...fields,
  };
}

/** Metadata of a message with the store's next `seq`. */
export function messageMeta(
  store: Store,
  fields: Partial<MessageMeta> = {},
): MessageMeta {
  return {
    seq: store.nextSeq(),
    id: random(24),
    time: 1_700_000_000,
    notification: true,
    quota: false,
    ...fields,
  };
}

/** Adds a queue to the group that gathers; its key and record. */
export function addQueue(
  store: Store,
  fields: Partial<QueueRecord> = {},
): { key: number; record: QueueRecord } {
  const queue = { key: store.nextQueueKey(), record: queueRecord(fields) };
  store.write({ type: "addQueue", ...queue });
  return queue;
}

/** Adds a message to the group that gathers; its metadata. */
export function addMessage(
  store: Store,
  key: number,
  { body = random(100), ...fields }:
    & Partial<MessageMeta>
    & { body?: Uint8Array } = {},
): MessageMeta {
  const meta = messageMeta(store, fields);
  store.write({ type: "addMessage", key, meta, body });
  return meta;
}

/** A body of 16,000 bytes that tells its `seq`. */
export function bodyOf(seq: number): Uint8Array {
  const block = createHash("sha256").update(`${seq}`).digest();
  return new Uint8Array(16_000).map((_, i) => block[i % block.length]);
}
