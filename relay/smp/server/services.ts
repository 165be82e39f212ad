/**
 * Services: clients that act for many queues and are known by their
 * certificate (simplexmq 6.5.5, `getCreateService` in
 * `Simplex.Messaging.Server.QueueStore.STM`).
 *
 * A service that comes for the first time gets an ID at once, but is stored
 * only when a queue is associated with it: a certificate costs nobody
 * anything, and must not fill the disk.
 *
 * @module
 */

import { type AuthKey, randomBytes } from "../../crypto/mod.ts";
import type { ServiceRecord, Store } from "../../store/store.ts";
import { bytesKey } from "../../wire/mod.ts";
import type { ServiceRole } from "../commands.ts";

/** Length of a service's ID in bytes. */
const ID_LENGTH = 24;

/** The service that a session is of. */
export interface ClientService {
  readonly id: Uint8Array;
  readonly role: ServiceRole;
  /** SHA-256 of the certificate that identifies the service, 32 bytes. */
  readonly certificateHash: Uint8Array;
  /** Ed25519 key of this session, which signs for the service. */
  readonly key: AuthKey;
}

interface KnownService {
  readonly record: ServiceRecord;
  /** Whether it is known to be stored, or written with what is under way. */
  stored: boolean;
  /** Sessions that are connected. */
  sessions: number;
  /** Queues with a notifier of this service; unread until asked for. */
  notifierQueues: number | undefined;
}

/** The services that are connected or in use. */
export class Services {
  readonly #store: Store;
  readonly #byCertificate = new Map<string, KnownService>();
  readonly #byId = new Map<string, KnownService>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The ID for a session of the service with this certificate, the same for
   * all its sessions; `undefined` when it came in another role before. Every
   * ID that is given has to be released when the session ends.
   *
   * @throws {StoreError} when the store cannot be read
   */
  connect(service: Omit<ServiceRecord, "id">): Uint8Array | undefined {
    const known = this.#known("certificate", service.certificateHash) ??
      this.#insert({ ...service, id: randomBytes(ID_LENGTH) }, false);
    if (known.record.role !== service.role) return undefined;
    known.sessions++;
    return known.record.id;
  }

  /** A session of the service ended. */
  release(id: Uint8Array): void {
    const known = this.#byId.get(bytesKey(id));
    if (known === undefined) return;
    known.sessions--;
    if (known.sessions === 0 && !known.stored) this.#remove(known);
  }

  /** Stores the service, unless it is: a queue is to be associated with it. */
  keep(id: Uint8Array): void {
    const known = this.#known("id", id);
    if (known === undefined || known.stored) return;
    if (this.#store.findService("id", id) === undefined) {
      this.#store.write({ type: "addService", service: known.record });
    }
    known.stored = true;
  }

  /** Queues with a notifier of this service (`getServiceQueueCount`). */
  notifierQueues(id: Uint8Array): number {
    const known = this.#known("id", id);
    if (known === undefined) return 0;
    return known.notifierQueues ??= this.#store.serviceQueues("notifier", id);
  }

  /**
   * A queue's notifier is to be associated with the service (1) or no longer
   * is (-1). To be called before that is written.
   */
  changeNotifierQueues(id: Uint8Array, change: 1 | -1): void {
    const known = this.#known("id", id);
    if (known === undefined) return;
    known.notifierQueues = this.notifierQueues(id) + change;
  }

  /** Relies on the store alone again: what was being written is lost. */
  clear(): void {
    for (const known of [...this.#byId.values()]) {
      known.notifierQueues = undefined;
      known.stored = false;
      if (known.sessions === 0) this.#remove(known);
    }
  }

  #known(
    by: "id" | "certificate",
    value: Uint8Array,
  ): KnownService | undefined {
    const map = by === "id" ? this.#byId : this.#byCertificate;
    const known = map.get(bytesKey(value));
    if (known !== undefined) return known;
    const record = this.#store.findService(by, value);
    return record && this.#insert(record, true);
  }

  #insert(record: ServiceRecord, stored: boolean): KnownService {
    const known = { record, stored, sessions: 0, notifierQueues: undefined };
    this.#byId.set(bytesKey(record.id), known);
    this.#byCertificate.set(bytesKey(record.certificateHash), known);
    return known;
  }

  #remove({ record }: KnownService): void {
    this.#byId.delete(bytesKey(record.id));
    this.#byCertificate.delete(bytesKey(record.certificateHash));
  }
}
