/**
 * The queues and services that a queue log describes, record after record,
 * with the reference's rules (simplexmq 6.5.5, `readQueueStore` in
 * `Simplex.Messaging.Server.StoreLog.ReadWrite`, `STMQueueStore` in
 * `...Server.QueueStore.STM`).
 *
 * @module
 */

import type {
  LinkRecord,
  NotifierRecord,
  QueueRecord,
  QueueStatus,
  ServiceRecord,
} from "../store/mod.ts";
import { bytesKey, equalBytes } from "../wire/mod.ts";
import type { QueueChange, StoreLogRecord } from "./store_log.ts";

/** A queue of the log. */
export interface BookQueue {
  readonly record: QueueRecord;
  /** Line of the log that made it. */
  readonly line: number;
}

/** What the log says so far. */
export class QueueBook {
  /** By recipient ID; undefined for a queue that was deleted. */
  readonly #queues = new Map<string, BookQueue | undefined>();
  readonly #senders = new Set<string>();
  /** Recipient ID (as a map key) by notifier ID. */
  readonly #notifiers = new Map<string, string>();
  readonly #links = new Set<string>();
  readonly #services = new Map<string, ServiceRecord>();
  readonly #certificates = new Set<string>();

  /** The services, in the order of the log. */
  services(): Iterable<ServiceRecord> {
    return this.#services.values();
  }

  /** The queues that are left, in the order in which they were made. */
  *queues(): Generator<BookQueue> {
    for (const queue of this.#queues.values()) {
      if (queue !== undefined) yield queue;
    }
  }

  /** The queue that this notifier is of. */
  queueOfNotifier(notifierId: Uint8Array): BookQueue | undefined {
    const name = this.#notifiers.get(bytesKey(notifierId));
    return name === undefined ? undefined : this.#queues.get(name);
  }

  /**
   * Adds a record. Undefined when it was taken, or when it was about a queue
   * that is deleted and thus of no matter; else why it was not.
   */
  add(record: StoreLogRecord, line: number): string | undefined {
    switch (record.type) {
      case "CREATE":
        return this.#create(record.record, line);
      case "NEW_SERVICE":
        return this.#createService(record.service);
      default: {
        const name = bytesKey(record.recipientId);
        if (!this.#queues.has(name)) {
          return "it is about a queue that no line before it made";
        }
        const queue = this.#queues.get(name);
        return queue && this.#change(name, queue, record);
      }
    }
  }

  #create(record: QueueRecord, line: number): string | undefined {
    const name = bytesKey(record.recipientId);
    const sender = bytesKey(record.senderId);
    const notifier = record.notifier && bytesKey(record.notifier.id);
    const link = record.link && bytesKey(record.link.id);
    if (
      this.#queues.has(name) || this.#senders.has(sender) ||
      (notifier !== undefined && this.#notifiers.has(notifier)) ||
      (link !== undefined && this.#links.has(link))
    ) return "it makes a queue with an ID that is taken";
    this.#queues.set(name, { record, line });
    this.#senders.add(sender);
    if (notifier !== undefined) this.#notifiers.set(notifier, name);
    if (link !== undefined) this.#links.add(link);
    return undefined;
  }

  #createService(service: ServiceRecord): string | undefined {
    const name = bytesKey(service.id);
    const certificate = bytesKey(service.certificateHash);
    const same = this.#services.get(name);
    if (
      same !== undefined && same.role === service.role &&
      equalBytes(same.certificateHash, service.certificateHash)
    ) return undefined;
    if (same !== undefined || this.#certificates.has(certificate)) {
      return "it makes a service with an ID or certificate that is taken";
    }
    this.#services.set(name, service);
    this.#certificates.add(certificate);
    return undefined;
  }

  #change(
    name: string,
    queue: BookQueue,
    change: QueueChange,
  ): string | undefined {
    const { record } = queue;
    const put = (parts: Partial<QueueRecord>) => {
      this.#queues.set(name, { ...queue, record: { ...record, ...parts } });
      return undefined;
    };
    const status = (status: QueueStatus) => put({ status });
    switch (change.type) {
      case "LINK":
        return this.#link(record, change.link) ?? put({ link: change.link });
      case "LDELETE":
        if (record.link) this.#links.delete(bytesKey(record.link.id));
        return put({ link: undefined });
      case "SECURE":
        return record.senderKey && !equalBytes(record.senderKey, change.key)
          ? "it secures a queue that has another key"
          : put({ senderKey: change.key });
      case "KEYS":
        return put({ recipientKeys: change.keys });
      case "NOTIFIER":
        return this.#notifier(name, record, change.notifier) ??
          put({ notifier: change.notifier });
      case "NDELETE":
        if (record.notifier) {
          this.#notifiers.delete(bytesKey(record.notifier.id));
        }
        return put({ notifier: undefined });
      case "SUSPEND":
        return status({ type: "off" });
      case "BLOCK":
        return status({ type: "blocked", info: change.info });
      case "UNBLOCK":
        return status({ type: "active" });
      case "TIME":
        return put({ updatedDay: change.day });
      case "DELETE":
        return this.#delete(name, record);
      case "QUEUE_SERVICE":
        if (change.party === "recipient") {
          return put({ recipientServiceId: change.serviceId });
        }
        return record.notifier === undefined
          ? "it gives a service to a notifier that there is not"
          : put({
            notifier: { ...record.notifier, serviceId: change.serviceId },
          });
    }
  }

  /** A queue's link stays; only what its owner may change is replaced. */
  #link(record: QueueRecord, link: LinkRecord): string | undefined {
    const name = bytesKey(link.id);
    if (record.link === undefined) {
      if (this.#links.has(name)) return "its link ID is taken";
      this.#links.add(name);
      return undefined;
    }
    return equalBytes(record.link.id, link.id) &&
        equalBytes(record.link.fixed, link.fixed)
      ? undefined
      : "it replaces a link that cannot be replaced";
  }

  #notifier(
    queue: string,
    record: QueueRecord,
    notifier: NotifierRecord,
  ): string | undefined {
    const name = bytesKey(notifier.id);
    if (this.#notifiers.has(name)) return "its notifier ID is taken";
    if (record.notifier) this.#notifiers.delete(bytesKey(record.notifier.id));
    this.#notifiers.set(name, queue);
    return undefined;
  }

  #delete(name: string, record: QueueRecord): undefined {
    this.#queues.set(name, undefined);
    this.#senders.delete(bytesKey(record.senderId));
    if (record.notifier) this.#notifiers.delete(bytesKey(record.notifier.id));
    if (record.link) this.#links.delete(bytesKey(record.link.id));
    return undefined;
  }
}
