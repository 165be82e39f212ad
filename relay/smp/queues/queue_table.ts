/**
 * The queues that are loaded, over the store. Changes are made in memory at
 * once and go to the store in the same turn; whoever answers a client waits
 * for the write group that is returned.
 *
 * @module
 */

import { bytesKey, EMPTY, keyBytes } from "../../wire/mod.ts";
import type {
  MessageMeta,
  QueueRecord,
  QueueRole,
  Store,
  WriteGroup,
} from "../../store/store.ts";
import { BodyCache } from "./body_cache.ts";
import { Queue, type QueuedMessage } from "./queue.ts";

/** Sizes of the table. */
export interface QueueTableOptions {
  /** Queues kept loaded at most, beside those with writes under way. */
  readonly maxLoaded?: number;
  /** Message bodies kept in memory, of 16 KB each. */
  readonly cachedBodies?: number;
  /** Messages that a queue may hold (`msgQueueQuota`). */
  readonly messagesPerQueue: number;
}

const ROLES: readonly QueueRole[] = ["recipient", "sender", "notifier", "link"];

/** ID of the queue in a role. */
function roleId(record: QueueRecord, role: QueueRole): Uint8Array | undefined {
  switch (role) {
    case "recipient":
      return record.recipientId;
    case "sender":
      return record.senderId;
    case "notifier":
      return record.notifier?.id;
    case "link":
      return record.link?.id;
  }
}

/** Loaded queues by each of their IDs. */
export class QueueTable {
  readonly #store: Store;
  readonly #maxLoaded: number;
  readonly #quota: number;
  readonly #bodies: BodyCache;
  /** In order of use, the longest unused first. */
  readonly #byKey = new Map<number, Queue>();
  readonly #byId: Record<QueueRole, Map<string, Queue>> = {
    recipient: new Map(),
    sender: new Map(),
    notifier: new Map(),
    link: new Map(),
  };

  constructor(store: Store, options: QueueTableOptions) {
    this.#store = store;
    this.#maxLoaded = options.maxLoaded ?? 10_000;
    this.#quota = options.messagesPerQueue;
    this.#bodies = new BodyCache(options.cachedBodies ?? 512);
  }

  /** Number of loaded queues. */
  get loaded(): number {
    return this.#byKey.size;
  }

  /** Number of loaded queues with a notifier. */
  get loadedNotifiers(): number {
    return this.#byId.notifier.size;
  }

  /** Forgets all loaded queues: what was not stored is lost. */
  clear(): void {
    this.#byKey.clear();
    for (const role of ROLES) this.#byId[role].clear();
    this.#bodies.clear();
  }

  /** The queue with this ID in this role. */
  find(role: QueueRole, id: Uint8Array): Queue | undefined {
    const name = bytesKey(id);
    const loaded = this.#byId[role].get(name);
    if (loaded !== undefined) {
      if (loaded.deleted) return undefined;
      this.#byKey.delete(loaded.key);
      this.#byKey.set(loaded.key, loaded);
      return loaded;
    }
    const stored = this.#store.findQueue(role, id);
    if (stored === undefined) return undefined;
    // It is loaded but no longer has this ID: the change is not committed yet.
    if (this.#byKey.has(stored.key)) return undefined;
    const queue = new Queue(
      stored.key,
      bytesKey(stored.record.recipientId),
      stored.record,
    );
    this.#insert(queue);
    return queue;
  }

  /** The queue whose recipient ID has this `bytesKey`. */
  findByName(name: string): Queue | undefined {
    return this.find("recipient", keyBytes(name));
  }

  /** Adds a queue; `undefined` when one of its IDs is taken. */
  create(
    record: QueueRecord,
  ): { readonly queue: Queue; readonly group: WriteGroup } | undefined {
    for (const role of ROLES) {
      const id = roleId(record, role);
      if (id === undefined) continue;
      // A deleted queue keeps its IDs until the deletion is on disk.
      if (this.#byId[role].has(bytesKey(id))) return undefined;
      if (this.#store.findQueue(role, id) !== undefined) return undefined;
    }
    const queue = new Queue(
      this.#store.nextQueueKey(),
      bytesKey(record.recipientId),
      record,
    );
    queue.messages = [];
    const group = this.#store.write({
      type: "addQueue",
      key: queue.key,
      record,
    });
    queue.lastWrite = group;
    this.#insert(queue);
    return { queue, group };
  }

  /** Whether another queue than this one has the link ID. */
  linkTaken(queue: Queue, linkId: Uint8Array): boolean {
    const loaded = this.#byId.link.get(bytesKey(linkId));
    if (loaded !== undefined) return loaded !== queue;
    const stored = this.#store.findQueue("link", linkId);
    return stored !== undefined && stored.key !== queue.key;
  }

  /** Replaces the record. */
  update(queue: Queue, record: QueueRecord): WriteGroup {
    this.#index(queue, record);
    const group = this.#store.write({
      type: "updateQueue",
      key: queue.key,
      record,
    });
    queue.lastWrite = group;
    return group;
  }

  /** Notes the day of use, if it is a new one. Nobody needs to wait for it. */
  touch(queue: Queue, day: number): void {
    if (queue.record.updatedDay === day) return;
    queue.record = { ...queue.record, updatedDay: day };
    queue.lastWrite = this.#store.write({
      type: "touchQueue",
      key: queue.key,
      updatedDay: day,
    });
  }

  /** Deletes the queue and its messages. */
  delete(queue: Queue): WriteGroup {
    for (const { meta } of queue.messages ?? []) this.#bodies.remove(meta.seq);
    queue.deleted = true;
    queue.messages = [];
    const group = this.#store.write({ type: "deleteQueue", key: queue.key });
    queue.lastWrite = group;
    const forget = () => this.#remove(queue);
    group.committed.then(forget, forget);
    return group;
  }

  /** Messages of the queue, oldest first. Do not change the array. */
  messages(queue: Queue): readonly QueuedMessage[] {
    return this.#messages(queue);
  }

  /**
   * Adds a message, or the `QUOTA` marker when the queue is full, or nothing
   * when it is marked already (`writeMsg` of the reference: a marked queue
   * takes messages again only when it is empty).
   */
  append(
    queue: Queue,
    message: Omit<MessageMeta, "seq" | "quota">,
    body: Uint8Array,
  ): { readonly group?: WriteGroup; readonly stored?: MessageMeta } {
    const messages = this.#messages(queue);
    if (messages.at(-1)?.meta.quota) return {};
    const quota = messages.length >= this.#quota;
    const meta: MessageMeta = { ...message, seq: this.#store.nextSeq(), quota };
    if (!quota) this.#bodies.put(meta.seq, body);
    const group = this.#store.write({
      type: "addMessage",
      key: queue.key,
      meta,
      body: quota ? EMPTY : body,
    });
    queue.lastWrite = group;
    messages.push({ meta, group });
    return { group, stored: quota ? undefined : meta };
  }

  /**
   * Body of a message of the queue, valid until the next change of the table;
   * `undefined` if the store lost it.
   */
  body(meta: MessageMeta): Uint8Array | undefined {
    return this.#bodies.get(meta.seq) ?? this.#store.messageBody(meta.seq);
  }

  /** Removes the first `count` messages. */
  removeFirst(queue: Queue, count: number): WriteGroup | undefined {
    const removed = this.#messages(queue).splice(0, count);
    if (removed.length === 0) return undefined;
    const seqs = removed.map(({ meta }) => meta.seq);
    for (const seq of seqs) this.#bodies.remove(seq);
    const group = this.#store.write({ type: "deleteMessages", seqs });
    queue.lastWrite = group;
    return group;
  }

  /**
   * Removes messages older than `before` (seconds since 1970) from the head
   * of the queue; the `QUOTA` marker stays, as in the reference.
   */
  removeOld(queue: Queue, before: number): number {
    const messages = this.#messages(queue);
    let count = 0;
    while (
      count < messages.length && !messages[count].meta.quota &&
      messages[count].meta.time < before
    ) count++;
    if (count > 0) this.removeFirst(queue, count);
    return count;
  }

  #messages(queue: Queue): QueuedMessage[] {
    return queue.messages ??= this.#store.messages(queue.key).map((meta) => ({
      meta,
    }));
  }

  #insert(queue: Queue): void {
    this.#byKey.set(queue.key, queue);
    for (const role of ROLES) {
      const id = roleId(queue.record, role);
      if (id !== undefined) this.#byId[role].set(bytesKey(id), queue);
    }
    if (this.#byKey.size > this.#maxLoaded) this.#evict();
  }

  #index(queue: Queue, record: QueueRecord): void {
    for (const role of ROLES) {
      const before = roleId(queue.record, role);
      const after = roleId(record, role);
      if (before === after) continue;
      if (before !== undefined) this.#byId[role].delete(bytesKey(before));
      if (after !== undefined) this.#byId[role].set(bytesKey(after), queue);
    }
    queue.record = record;
  }

  #remove(queue: Queue): void {
    if (this.#byKey.get(queue.key) !== queue) return;
    this.#byKey.delete(queue.key);
    for (const role of ROLES) {
      const id = roleId(queue.record, role);
      if (id !== undefined) this.#byId[role].delete(bytesKey(id));
    }
    for (const { meta } of queue.messages ?? []) this.#bodies.remove(meta.seq);
  }

  /** Drops the longest unused queues; those with a write under way stay. */
  #evict(): void {
    let looked = 0;
    for (const queue of this.#byKey.values()) {
      if (this.#byKey.size <= this.#maxLoaded || ++looked > 64) return;
      if (queue.lastWrite === undefined || queue.lastWrite.durable) {
        this.#remove(queue);
      }
    }
  }
}
