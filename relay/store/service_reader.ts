/**
 * Reads of notifications and services, through the reader's connection.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { withStoreErrors } from "./database_errors.ts";
import { blob, number, optionalBlob, type Row } from "./queue_row.ts";
import { SERVICE_COLUMNS, serviceOfRow } from "./service_row.ts";
import type {
  NotificationRecord,
  PendingNotification,
  ServiceRecord,
} from "./store.ts";

/** Reads pending notifications. */
export class NotificationReader {
  readonly #ofQueue: StatementSync;
  readonly #after: StatementSync;

  /** Throws what SQLite throws. */
  constructor(database: DatabaseSync) {
    this.#ofQueue = database.prepare(
      `SELECT seq, message_id, time FROM notifications WHERE queue = ?
      ORDER BY seq`,
    );
    this.#after = database.prepare(
      `SELECT n.seq AS seq, n.time AS time, recipient_id, notifier_service_id
      FROM (SELECT seq, queue, time FROM notifications WHERE seq > ?
        ORDER BY seq LIMIT ?) n JOIN queues q ON q.key = n.queue
      ORDER BY n.seq`,
    );
  }

  /** See `Store.notifications`. */
  ofQueue(key: number): NotificationRecord[] {
    return withStoreErrors(() => this.#ofQueue.all(key).map(ofRow));
  }

  /** See `Store.notificationsAfter`. */
  after(seq: number, limit: number): PendingNotification[] {
    return withStoreErrors(() =>
      this.#after.all(seq, limit).map((row) => ({
        seq: number(row.seq),
        time: number(row.time),
        recipientId: blob(row.recipient_id),
        serviceId: optionalBlob(row.notifier_service_id),
      }))
    );
  }
}

/** Reads services. */
export class ServiceReader {
  readonly #find: Readonly<Record<"id" | "certificate", StatementSync>>;
  readonly #queues: Readonly<Record<"notifier" | "recipient", StatementSync>>;

  /** Throws what SQLite throws. */
  constructor(database: DatabaseSync) {
    const find = (column: string) =>
      database.prepare(
        `SELECT ${SERVICE_COLUMNS} FROM services WHERE ${column} = ?`,
      );
    const count = (column: string) =>
      database.prepare(
        `SELECT count(*) AS queues FROM queues WHERE ${column} = ?`,
      );
    this.#find = { id: find("id"), certificate: find("certificate_hash") };
    this.#queues = {
      notifier: count("notifier_service_id"),
      recipient: count("recipient_service_id"),
    };
  }

  /** See `Store.findService`. */
  find(by: "id" | "certificate", value: Uint8Array): ServiceRecord | undefined {
    return withStoreErrors(() => {
      const row = this.#find[by].get(value);
      return row === undefined ? undefined : serviceOfRow(row);
    });
  }

  /** See `Store.serviceQueues`. */
  queues(role: "notifier" | "recipient", serviceId: Uint8Array): number {
    return withStoreErrors(() =>
      number(this.#queues[role].get(serviceId)?.queues)
    );
  }
}

function ofRow(row: Row): NotificationRecord {
  return {
    seq: number(row.seq),
    messageId: blob(row.message_id),
    time: number(row.time),
  };
}
