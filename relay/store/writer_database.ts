/**
 * The writing connection: layout, groups, checkpoints. Used by the writer's
 * thread alone.
 *
 * Every group is one transaction, and with `synchronous=FULL` the WAL is
 * fsynced before `COMMIT` returns. `secure_delete=ON` overwrites what is
 * deleted with zeros; what the WAL still holds of it goes when the WAL is
 * truncated.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { decodeGroup } from "./group_codec.ts";
import { DiskRoom } from "./disk_room.ts";
import { MIGRATIONS } from "./migrations/mod.ts";
import { statementNumber, STATEMENTS } from "./statements.ts";
import { StoreError } from "./store.ts";
import { SyncTrace } from "./sync_trace.ts";
import type { GroupMessage, WriterOptions } from "./writer_messages.ts";

/** Bytes of a page of a new database; measured, see `bench/store.ts`. */
export const PAGE_SIZE = 8192;

/** Page cache of the writing connection, KiB. */
const CACHE_KIB = 4096;

/** The serving thread's reads take locks for microseconds only. */
const BUSY_TIMEOUT_MS = 1000;

/** Bytes of the header of a WAL and of a frame (SQLite file format, §4). */
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** The one connection that writes. Its methods throw what SQLite throws. */
export class WriterDatabase {
  readonly #database: DatabaseSync;
  readonly #options: WriterOptions;
  readonly #statements: readonly StatementSync[];
  readonly #deleteMessage: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #walState: StatementSync;
  readonly #checkpoint: StatementSync;
  readonly #truncate: StatementSync;
  readonly #freePages: StatementSync;
  readonly #room: DiskRoom;
  readonly #trace: SyncTrace | undefined;
  readonly #frameSize: number;
  readonly #sleepCell = new Int32Array(new SharedArrayBuffer(4));
  #lastTruncation = performance.now();
  #walEmpty = false;

  /** Opens the database and brings its layout up to date. */
  constructor(options: WriterOptions) {
    this.#options = options;
    const database = new DatabaseSync(options.path, {
      timeout: BUSY_TIMEOUT_MS,
    });
    this.#database = database;
    try {
      const pageSize = prepareDatabase(database, options.maxBytes);
      this.#frameSize = FRAME_HEADER + pageSize;
      this.#statements = STATEMENTS.map((sql) => database.prepare(sql));
      this.#deleteMessage = this.#statements[statementNumber("deleteMessage")];
      this.#begin = database.prepare("BEGIN IMMEDIATE");
      this.#commit = database.prepare("COMMIT");
      this.#walState = database.prepare("PRAGMA wal_checkpoint(NOOP)");
      this.#checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
      this.#truncate = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#freePages = database.prepare("PRAGMA freelist_count");
      this.#room = new DiskRoom({
        path: options.path,
        reserveBytes: options.reserveBytes,
        freeInside: () =>
          Number(this.#freePages.get()?.freelist_count) * pageSize,
      });
      this.truncateWal();
      this.#trace = options.syncTrace === undefined
        ? undefined
        : new SyncTrace(options.syncTrace);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Applies the group and returns when it is on disk, or changes nothing. */
  apply(group: GroupMessage): void {
    this.#begin.run();
    try {
      for (const seq of group.deletes) this.#deleteMessage.run(seq);
      decodeGroup(group, (statement, parameters) => {
        this.#statements[statement].run(...parameters);
      });
      this.#commit.run();
    } catch (error) {
      // SQLite rolls back by itself after some errors.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
    this.#walEmpty = false;
    this.#delay(1);
    if (this.#trace) this.#trace.synced(this.#walBytes());
  }

  /** Copies the WAL to the database when it has grown large. */
  checkpointIfLarge(): void {
    if (this.#walBytes() < this.#options.checkpointBytes) return;
    const { truncateMs } = this.#options;
    if (performance.now() - this.#lastTruncation >= truncateMs) {
      this.truncateWal();
      return;
    }
    const { log, checkpointed } = walRow(this.#checkpoint.get());
    this.#delay(2);
    if (log === checkpointed) this.#trace?.synced(0);
  }

  /** Whether the WAL holds nothing, not even of what was deleted. */
  get isWalEmpty(): boolean {
    return this.#walEmpty;
  }

  /**
   * Copies the WAL to the database and leaves it empty, unless somebody reads.
   */
  truncateWal(): void {
    if (this.#walEmpty) return;
    // Truncating waits for readers, with all writers behind it: not while a
    // backup reads what was there before.
    const { log, checkpointed } = walRow(this.#checkpoint.get());
    if (log !== checkpointed) return;
    const { busy } = walRow(this.#truncate.get());
    this.#delay(2);
    // A reader was in the way: the next call tries again.
    if (busy !== 0) return;
    this.#walEmpty = true;
    this.#lastTruncation = performance.now();
    this.#trace?.synced(0);
  }

  /** Whether more may be added, with `bytes` written since the last call. */
  hasRoom(bytes: number): boolean {
    return this.#room.afterWriting(bytes);
  }

  /** Closes the files; SQLite empties the WAL and removes it if it can. */
  close(): void {
    this.#database.close();
    this.#trace?.close();
  }

  /** Bytes of the WAL that are in use; the file may be longer. */
  #walBytes(): number {
    const { log, checkpointed } = walRow(this.#walState.get());
    // Copied as a whole: the next change starts again at the WAL's beginning.
    return log === checkpointed ? 0 : WAL_HEADER + log * this.#frameSize;
  }

  #delay(fsyncs: number): void {
    const ms = this.#options.fsyncDelay * fsyncs;
    if (ms > 0) Atomics.wait(this.#sleepCell, 0, 0, ms);
  }
}

interface WalRow {
  readonly busy: number;
  /** Frames in the WAL. */
  readonly log: number;
  /** Frames of it that are in the database. */
  readonly checkpointed: number;
}

function walRow(row: Record<string, unknown> | undefined): WalRow {
  return {
    busy: Number(row?.busy),
    log: Number(row?.log),
    checkpointed: Number(row?.checkpointed),
  };
}

/** Settings and layout; returns the page size in bytes. */
function prepareDatabase(
  database: DatabaseSync,
  maxBytes: number | undefined,
): number {
  const version = Number(pragma(database, "user_version"));
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      "version",
      "The relay's database was written by a newer version of Porchlight. Update Porchlight, or restore a backup made with this version.",
    );
  }
  // The page size is fixed when the first page is written, so it comes first.
  database.exec(`PRAGMA page_size = ${PAGE_SIZE};
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA cache_size = -${CACHE_KIB};`);
  // SQLite answers what it cannot set with what is set: a file system without
  // shared memory has no WAL, and then nothing here would hold.
  if (
    pragma(database, "journal_mode") !== "wal" ||
    pragma(database, "synchronous") !== 2 ||
    pragma(database, "secure_delete") !== 1
  ) {
    throw new Error("The file system cannot hold a database in WAL mode.");
  }
  const pageSize = Number(pragma(database, "page_size"));
  if (maxBytes !== undefined) {
    const pages = Math.max(1, Math.floor(maxBytes / pageSize));
    database.exec(`PRAGMA max_page_count = ${pages}`);
  }
  if (version < MIGRATIONS.length) {
    database.exec("BEGIN IMMEDIATE");
    try {
      for (const sql of MIGRATIONS.slice(version)) database.exec(sql);
      database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
  return pageSize;
}

function pragma(database: DatabaseSync, name: string): unknown {
  return database.prepare(`PRAGMA ${name}`).get()?.[name];
}
