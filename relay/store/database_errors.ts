/**
 * Errors of SQLite in the words of the store.
 *
 * @module
 */

import { StoreError } from "./store.ts";

/** Kinds of `StoreError`. */
export type StoreErrorKind = StoreError["kind"];

type DatabaseErrorKind = Exclude<StoreErrorKind, "version">;

/**
 * What SQLite says, by kind. `node:sqlite` in Deno gives no result code, so
 * the text of `sqlite3_errstr` tells the cases apart.
 */
const KINDS: readonly (readonly [RegExp, DatabaseErrorKind])[] = [
  [/database or disk is full/, "full"],
  [/malformed|not a database/, "corrupt"],
  [/database (table )?is locked/, "locked"],
];

const TEXTS: Record<DatabaseErrorKind, string> = {
  full:
    "The disk is full, so the relay cannot keep new messages. Free some space; the relay goes on by itself.",
  corrupt:
    "The relay's database is damaged. Stop the relay and restore a backup; check the disk or SD card, it may be failing.",
  locked:
    "The relay's database is in use by another program. Stop that program (perhaps a second relay or a backup) and start again.",
  io:
    "The relay's database cannot be read or written. Check that the disk is there, is not read-only and belongs to the relay's user.",
};

/** A `StoreError` of the kind that the text of `error` tells. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const kind = KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? "io";
  return storeErrorOf(kind, error);
}

/** A `StoreError` of this kind with the text for the relay's owner. */
export function storeErrorOf(
  kind: DatabaseErrorKind,
  cause?: unknown,
): StoreError {
  return new StoreError(kind, TEXTS[kind], { cause });
}

/** Runs `read`; what it throws comes out as a `StoreError`. */
export function withStoreErrors<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw storeError(error);
  }
}
