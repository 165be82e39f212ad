/**
 * Writes what was read into a store.
 *
 * @module
 */

import type {
  NotificationRecord,
  QueueRecord,
  ServiceRecord,
  Store,
  WriteOperation,
} from "../store/mod.ts";
import { bytesKey, equalBytes } from "../wire/mod.ts";
import type { LoggedMessage, LoggedNotification } from "./message_log.ts";
import { MigrateError } from "./report.ts";

/** The part of a store that an import needs. */
export interface ImportStore extends
  Pick<
    Store,
    | "nextQueueKey"
    | "nextSeq"
    | "findQueue"
    | "findService"
    | "flush"
    | "hasRoom"
    | "onFailure"
  > {
  /** As of `Store`; failures are told through `onFailure`. */
  write(operation: WriteOperation): unknown;
}

/** What was written. */
export interface ImportCounts {
  services: number;
  queues: number;
  messages: number;
  notifications: number;
  /** Queues that the store had before; their messages stayed as they were. */
  known: number;
}

/** After so many bytes it is waited for the disk. */
const GROUP_BYTES = 4 * 1024 * 1024;

/** Notifications of one queue that the relay keeps. */
const NOTIFICATIONS_PER_QUEUE = 256;

/** Room that a row takes besides its long fields, roughly: bytes. */
const ROW_BYTES = 400;

interface Target {
  readonly key: number;
  /** Notifications to come, by message ID. */
  readonly pending: Map<string, LoggedNotification>;
}

/** Adds queues, then their notifications, then their messages. */
export class StoreImport {
  readonly counts: ImportCounts = {
    services: 0,
    queues: 0,
    messages: 0,
    notifications: 0,
    known: 0,
  };
  readonly #store: ImportStore;
  /** By recipient ID; null for queues that the store had before. */
  readonly #targets = new Map<string, Target | null>();
  /** ID that the store has for a service with the same certificate. */
  readonly #serviceIds = new Map<string, Uint8Array>();
  #bytes = 0;
  #failure: Error | undefined;

  constructor(store: ImportStore) {
    this.#store = store;
    store.onFailure = (error) => this.#failure ??= error;
  }

  /** Adds a service; one that is there is not added again. */
  addService(service: ServiceRecord): string | undefined {
    const known = this.#store.findService(
      "certificate",
      service.certificateHash,
    );
    if (known !== undefined) {
      this.#serviceIds.set(bytesKey(service.id), known.id);
      return known.role === service.role
        ? undefined
        : "its service is here already, in another role";
    }
    if (this.#store.findService("id", service.id) !== undefined) {
      return "its service has an ID that is taken here";
    }
    this.#write({ type: "addService", service });
    this.counts.services++;
    return undefined;
  }

  /** Adds a queue; else says why not. */
  addQueue(record: QueueRecord): string | undefined {
    const name = bytesKey(record.recipientId);
    const store = this.#store;
    const known = store.findQueue("recipient", record.recipientId);
    if (known !== undefined) {
      if (!equalBytes(known.record.senderId, record.senderId)) {
        return "it makes a queue with an ID that is taken here";
      }
      this.#targets.set(name, null);
      this.counts.known++;
      return undefined;
    }
    if (
      store.findQueue("sender", record.senderId) ||
      (record.notifier && store.findQueue("notifier", record.notifier.id)) ||
      (record.link && store.findQueue("link", record.link.id))
    ) return "it makes a queue with an ID that is taken here";
    const key = store.nextQueueKey();
    this.#targets.set(name, { key, pending: new Map() });
    this.#write({ type: "addQueue", key, record: this.#withServices(record) });
    this.#bytes += (record.link?.fixed.length ?? 0) +
      (record.link?.user.length ?? 0);
    this.counts.queues++;
    return undefined;
  }

  /** Whether messages for this queue are to be added. */
  takes(recipientId: Uint8Array): "yes" | "known" | "no" {
    const target = this.#targets.get(bytesKey(recipientId));
    return target === undefined ? "no" : target === null ? "known" : "yes";
  }

  /** A notification; it is written with its message, or by {@link finish}. */
  addNotification(
    recipientId: Uint8Array,
    notification: LoggedNotification,
  ): void {
    const target = this.#targets.get(bytesKey(recipientId));
    target?.pending.set(bytesKey(notification.messageId), notification);
  }

  /** Adds the next message of a queue. */
  addMessage(recipientId: Uint8Array, message: LoggedMessage): void {
    const target = this.#targets.get(bytesKey(recipientId));
    if (!target) return;
    const { key, pending } = target;
    const { body, ...meta } = message;
    const seq = this.#store.nextSeq();
    this.#write({ type: "addMessage", key, meta: { ...meta, seq }, body });
    this.#bytes += body.length;
    this.counts.messages++;
    const name = bytesKey(message.id);
    const notification = pending.size > 0 ? pending.get(name) : undefined;
    if (notification !== undefined) {
      pending.delete(name);
      this.#notify(key, { ...notification, seq });
    }
  }

  /**
   * Waits for the disk where much was written.
   *
   * @throws {StoreError} when it could not be written
   * @throws {MigrateError} when the disk is nearly full
   */
  async breathe(): Promise<void> {
    if (this.#bytes >= GROUP_BYTES) await this.#flush();
  }

  /** Writes what is left; see {@link breathe}. */
  async finish(): Promise<void> {
    for (const target of this.#targets.values()) {
      // Messages that were received before the notifier heard of them.
      for (const notification of target?.pending.values() ?? []) {
        if (target === null) continue;
        this.#notify(target.key, {
          ...notification,
          seq: this.#store.nextSeq(),
        });
      }
    }
    await this.#flush();
  }

  async #flush(): Promise<void> {
    this.#bytes = 0;
    await this.#store.flush();
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#store.hasRoom) {
      throw new MigrateError(
        "The disk is nearly full. Make room and start the import again; " +
          "nothing was changed.",
      );
    }
  }

  #notify(key: number, { seq, messageId, time }: NotificationRecord): void {
    this.#write({
      type: "addNotification",
      key,
      notification: { seq, messageId, time },
      keep: NOTIFICATIONS_PER_QUEUE,
    });
    this.counts.notifications++;
  }

  #write(operation: WriteOperation): void {
    this.#store.write(operation);
    this.#bytes += ROW_BYTES;
  }

  #withServices(record: QueueRecord): QueueRecord {
    const { recipientServiceId, notifier } = record;
    const known = (id: Uint8Array | undefined) =>
      id && (this.#serviceIds.get(bytesKey(id)) ?? id);
    return {
      ...record,
      recipientServiceId: known(recipientServiceId),
      notifier: notifier &&
        { ...notifier, serviceId: known(notifier.serviceId) },
    };
  }
}
