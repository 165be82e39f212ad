/**
 * Point reads of committed state on the serving thread, through a connection
 * that cannot write. Each read is a transaction of its own and ends before the
 * function returns, so it never holds up a checkpoint.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  storeError,
  storeErrorOf,
  withStoreErrors,
} from "./database_errors.ts";
import { FileReader } from "./file_reader.ts";
import {
  blob,
  number,
  QUEUE_COLUMNS,
  queueOfRow,
  type Row,
} from "./queue_row.ts";
import { NotificationReader, ServiceReader } from "./service_reader.ts";
import type {
  MessageMeta,
  QueueRole,
  StoreCounts,
  StoredQueue,
} from "./store.ts";

/** A read meets a lock only while the WAL is being truncated: microseconds. */
const BUSY_TIMEOUT_MS = 1000;

const FROM_QUEUES =
  `SELECT ${QUEUE_COLUMNS} FROM queues q LEFT JOIN links l ON l.queue = q.key`;

/** The reading side of the store. */
export class Reader {
  readonly #database: DatabaseSync;
  readonly #find: Readonly<Record<QueueRole, StatementSync>>;
  readonly #messages: StatementSync;
  readonly #body: StatementSync;
  readonly #old: StatementSync;
  readonly #counts: StatementSync;
  readonly #reserved: StatementSync;
  readonly #notifications: NotificationReader;
  readonly #services: ServiceReader;
  readonly #files: FileReader;

  /** Opens the database at `path`. Throws `StoreError`. */
  constructor(path: string) {
    const database = withStoreErrors(() =>
      new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
    );
    this.#database = database;
    try {
      this.#find = {
        recipient: database.prepare(`${FROM_QUEUES} WHERE recipient_id = ?`),
        sender: database.prepare(`${FROM_QUEUES} WHERE sender_id = ?`),
        notifier: database.prepare(`${FROM_QUEUES} WHERE notifier_id = ?`),
        link: database.prepare(
          `SELECT ${QUEUE_COLUMNS} FROM links l JOIN queues q ON q.key = l.queue
          WHERE l.id = ?`,
        ),
      };
      this.#messages = database.prepare(
        `SELECT seq, id, time, notification, quota FROM messages
        WHERE queue = ? ORDER BY seq`,
      );
      this.#body = database.prepare("SELECT body FROM messages WHERE seq = ?");
      this.#old = database.prepare(
        `SELECT m.queue AS key, q.recipient_id AS recipient_id, m.seq AS seq
        FROM (SELECT queue, seq, time FROM messages
          WHERE time < ? AND quota = 0
          ORDER BY time, seq LIMIT ?) m JOIN queues q ON q.key = m.queue
        ORDER BY m.time, m.seq`,
      );
      this.#counts = database.prepare(
        `SELECT (SELECT count(*) FROM queues) AS queues,
        (SELECT count(*) FROM queues WHERE notifier_id IS NOT NULL) AS notifiers,
        (SELECT count(*) FROM messages) AS messages,
        (SELECT count(*) FROM notifications) AS notifications,
        (SELECT count(*) FROM services WHERE role = 'M') AS recipient_services,
        (SELECT count(*) FROM services WHERE role = 'N') AS notifier_services,
        (SELECT count(*) FROM queues WHERE recipient_service_id IS NOT NULL)
          AS recipient_service_queues,
        (SELECT count(*) FROM queues WHERE notifier_service_id IS NOT NULL)
          AS notifier_service_queues`,
      );
      this.#reserved = database.prepare("SELECT queue_key, seq FROM reserved");
      this.#notifications = new NotificationReader(database);
      this.#services = new ServiceReader(database);
      this.#files = new FileReader(database);
    } catch (error) {
      database.close();
      throw storeError(error);
    }
  }

  /** See `Store.findQueue`. */
  findQueue(role: QueueRole, id: Uint8Array): StoredQueue | undefined {
    return withStoreErrors(() => {
      const row = this.#find[role].get(id);
      return row === undefined ? undefined : queueOfRow(row);
    });
  }

  /** See `Store.messages`. */
  messages(key: number): MessageMeta[] {
    return withStoreErrors(() => this.#messages.all(key).map(metaOfRow));
  }

  /** See `Store.messageBody`. */
  messageBody(seq: number): Uint8Array | undefined {
    return withStoreErrors(() => {
      const row = this.#body.get(seq);
      return row === undefined ? undefined : blob(row.body);
    });
  }

  /** See `Store.oldMessages`. */
  oldMessages(
    before: number,
    limit: number,
  ): { key: number; recipientId: Uint8Array; seq: number }[] {
    return withStoreErrors(() =>
      this.#old.all(before, limit).map((row) => ({
        key: number(row.key),
        recipientId: blob(row.recipient_id),
        seq: number(row.seq),
      }))
    );
  }

  /** Reads of notifications. */
  get notifications(): NotificationReader {
    return this.#notifications;
  }

  /** Reads of services. */
  get services(): ServiceReader {
    return this.#services;
  }

  /** Reads of files. */
  get files(): FileReader {
    return this.#files;
  }

  /** See `Store.counts`. */
  counts(): StoreCounts {
    const row = withStoreErrors(() => this.#counts.get());
    return {
      queues: number(row?.queues),
      notifiers: number(row?.notifiers),
      messages: number(row?.messages),
      notifications: number(row?.notifications),
      recipientServices: number(row?.recipient_services),
      recipientServiceQueues: number(row?.recipient_service_queues),
      notifierServices: number(row?.notifier_services),
      notifierServiceQueues: number(row?.notifier_service_queues),
    };
  }

  /** Up to where queue keys and `seq`s may have been given out. */
  reserved(): { queueKey: number; seq: number } {
    const row = withStoreErrors(() => this.#reserved.get());
    if (row === undefined) throw storeErrorOf("corrupt");
    return { queueKey: number(row.queue_key), seq: number(row.seq) };
  }

  /** Closes the connection. */
  close(): void {
    this.#database.close();
  }
}

function metaOfRow(row: Row): MessageMeta {
  return {
    seq: number(row.seq),
    id: blob(row.id),
    time: number(row.time),
    notification: number(row.notification) !== 0,
    quota: number(row.quota) !== 0,
  };
}
