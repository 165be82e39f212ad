/**
 * The store on SQLite: a thread that writes, and a reading connection on the
 * thread that serves.
 *
 * Files in the store's folder (mode 0700; the files 0600):
 * - `relay.db`: the database; beside it, while the relay runs, `relay.db-wal`
 *   and `relay.db-shm`;
 * - `relay.lock`: locked while a relay uses the folder.
 *
 * @module
 */

import { join } from "node:path";
import { storeErrorOf, withStoreErrors } from "./database_errors.ts";
import type { StoredFiles } from "./file_reader.ts";
import { Reader } from "./reader.ts";
import type {
  MessageMeta,
  NotificationRecord,
  PendingNotification,
  QueueRole,
  ServiceRecord,
  Store,
  StoreCounts,
  StoredQueue,
  StoreError,
  WriteGroup,
  WriteOperation,
} from "./store.ts";
import type { GatheringGroup } from "./write_group.ts";
import { Writer } from "./writer.ts";

/** Name of the database in the store's folder. */
export const STORE_FILE = "relay.db";

const LOCK_FILE = "relay.lock";

/** Keys and `seq`s are reserved on disk in blocks of this many. */
const RESERVATION = 1_000_000;

/** Where the store is and how it behaves. Sizes in bytes, times in ms. */
export interface SqliteStoreOptions {
  /** Folder of the store; made if it is not there. */
  readonly dir: string;
  /** Size of the WAL at which it is copied to the database (8 MiB). */
  readonly checkpointBytes?: number;
  /** Time after the last change until the WAL is emptied (1 s). */
  readonly idleMs?: number;
  /** Longest time between two emptyings of the WAL under load (60 s). */
  readonly truncateMs?: number;
  /** `hasRoom` is true while so much of the disk is free (64 MiB). */
  readonly reserveBytes?: number;
  /** The database does not grow beyond this (no limit). For tests. */
  readonly maxBytes?: number;
  /** Makes every fsync take this much longer (0). For tests. */
  readonly fsyncDelay?: number;
  /** File that records what is on disk, see `sync_trace.ts`. For tests. */
  readonly syncTrace?: string;
}

/**
 * Opens the store and brings its database up to date. Rejects with
 * `StoreError`: "locked" when another relay uses the folder, "version" when a
 * newer relay wrote the database, "corrupt", "full" or "io".
 */
export async function openSqliteStore(
  options: SqliteStoreOptions,
): Promise<Store> {
  const { dir } = options;
  const path = join(dir, STORE_FILE);
  const lock = withStoreErrors(() => lockDirectory(dir));
  let writer: Writer | undefined;
  let reader: Reader | undefined;
  try {
    withStoreErrors(() => protectFile(path));
    writer = await Writer.open({
      path,
      maxBytes: options.maxBytes,
      fsyncDelay: options.fsyncDelay ?? 0,
      syncTrace: options.syncTrace,
      checkpointBytes: options.checkpointBytes ?? 8 * 1024 * 1024,
      idleMs: options.idleMs ?? 1000,
      truncateMs: options.truncateMs ?? 60_000,
      reserveBytes: options.reserveBytes ?? 64 * 1024 * 1024,
    });
    reader = new Reader(path);
    return new SqliteStore({ lock, writer, reader });
  } catch (error) {
    reader?.close();
    await writer?.stop();
    lock.close();
    throw error;
  }
}

/**
 * Makes the folder and takes its lock, which ends with the process. While it
 * is held no store can be opened there.
 *
 * @throws {StoreError} "locked" when a relay uses the folder
 */
export function lockStore(dir: string): Disposable {
  return withStoreErrors(() => lockDirectory(dir));
}

function lockDirectory(dir: string): Deno.FsFile {
  Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  Deno.chmodSync(dir, 0o700);
  const file = Deno.openSync(join(dir, LOCK_FILE), {
    create: true,
    write: true,
    mode: 0o600,
  });
  if (file.tryLockSync(true)) return file;
  file.close();
  throw storeErrorOf("locked");
}

/**
 * Makes the database file for its owner alone; SQLite gives the files beside
 * it the same mode. Must not be called while SQLite has the file open:
 * closing it would drop SQLite's locks.
 */
function protectFile(path: string): void {
  Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
  Deno.chmodSync(path, 0o600);
}

interface Parts {
  readonly lock: Deno.FsFile;
  readonly writer: Writer;
  readonly reader: Reader;
}

class SqliteStore implements Store {
  readonly #lock: Deno.FsFile;
  readonly #writer: Writer;
  readonly #reader: Reader;
  /** Last key and `seq` given out. */
  #queueKey: number;
  #seq: number;
  /** Up to where the database has them reserved. */
  #reservedKey: number;
  #reservedSeq: number;
  #stopped: Promise<void> | undefined;

  constructor({ lock, writer, reader }: Parts) {
    this.#lock = lock;
    this.#writer = writer;
    this.#reader = reader;
    const reserved = reader.reserved();
    this.#queueKey = this.#reservedKey = reserved.queueKey;
    this.#seq = this.#reservedSeq = reserved.seq;
    writer.beforeSend = (group) => this.#reserve(group);
  }

  get onFailure(): ((error: StoreError) => void) | undefined {
    return this.#writer.onFailure;
  }

  set onFailure(listener: ((error: StoreError) => void) | undefined) {
    this.#writer.onFailure = listener;
  }

  get onCommit(): ((durationMs: number) => void) | undefined {
    return this.#writer.onCommit;
  }

  set onCommit(listener: ((durationMs: number) => void) | undefined) {
    this.#writer.onCommit = listener;
  }

  get hasRoom(): boolean {
    return this.#writer.hasRoom;
  }

  get writingMs(): number {
    return this.#writer.writingMs;
  }

  nextQueueKey(): number {
    return ++this.#queueKey;
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  findQueue(role: QueueRole, id: Uint8Array): StoredQueue | undefined {
    return this.#reader.findQueue(role, id);
  }

  messages(key: number): MessageMeta[] {
    return this.#reader.messages(key);
  }

  messageBody(seq: number): Uint8Array | undefined {
    return this.#reader.messageBody(seq);
  }

  oldMessages(
    before: number,
    limit: number,
  ): { key: number; recipientId: Uint8Array; seq: number }[] {
    return this.#reader.oldMessages(before, limit);
  }

  notifications(key: number): NotificationRecord[] {
    return this.#reader.notifications.ofQueue(key);
  }

  notificationsAfter(seq: number, limit: number): PendingNotification[] {
    return this.#reader.notifications.after(seq, limit);
  }

  findService(
    by: "id" | "certificate",
    value: Uint8Array,
  ): ServiceRecord | undefined {
    return this.#reader.services.find(by, value);
  }

  serviceQueues(
    role: "notifier" | "recipient",
    serviceId: Uint8Array,
  ): number {
    return this.#reader.services.queues(role, serviceId);
  }

  get files(): StoredFiles {
    return this.#reader.files;
  }

  counts(): StoreCounts {
    return this.#reader.counts();
  }

  write(operation: WriteOperation): WriteGroup {
    return this.#writer.write(operation);
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    await this.#writer.flush();
    this.#reader.close();
    try {
      await this.#writer.stop();
    } finally {
      this.#lock.close();
    }
  }

  /**
   * A key or `seq` that was used is never used again: the group that goes past
   * the reserved block reserves the next one in the same transaction.
   */
  #reserve(group: GatheringGroup): void {
    const keyFits = group.highestKey <= this.#reservedKey;
    if (keyFits && group.highestSeq <= this.#reservedSeq) return;
    const key = this.#queueKey + RESERVATION;
    const seq = this.#seq + RESERVATION;
    group.reserve(key, seq);
    group.committed.then(() => {
      this.#reservedKey = key;
      this.#reservedSeq = seq;
    }, () => {/* The next group reserves. */});
  }
}
