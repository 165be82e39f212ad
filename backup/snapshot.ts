/**
 * A copy of a SQLite database as of one moment, while its relay goes on.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { BackupError } from "./error.ts";

/** A commit of the relay is never longer than this, in ms. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Writes a copy of the database at `path` to `target`, which must not be
 * there: one read transaction, so that it holds all of what was committed
 * before and nothing after. The copy is mode 0600, and has nothing of what was
 * deleted.
 *
 * @throws {BackupError} when it cannot be read, or the disk is full
 */
export function copyDatabase(path: string, target: string): void {
  // SQLite takes an empty file, and keeps its mode.
  Deno.openSync(target, { write: true, createNew: true, mode: 0o600 }).close();
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      database.prepare("VACUUM INTO ?").run(target);
    } finally {
      database.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(
      `Cannot copy the database ${path} (${reason}). Look whether the disk is ` +
        "full, and whether this user may read it.",
      { cause },
    );
  }
}

/**
 * Version of a database's layout.
 *
 * @throws {BackupError} for what is no database, or a damaged one
 */
export function databaseVersion(path: string): number {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const version = database.prepare("PRAGMA user_version").get();
      const check = database.prepare("PRAGMA quick_check(1)").get();
      if (check?.quick_check !== "ok") throw new Error("it is not in order");
      return Number(version?.user_version);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new BackupError(
      "The database in the backup cannot be used. Nothing was changed.",
      { cause },
    );
  }
}
