/**
 * Everything that a store holds, one after the other: for moving it elsewhere.
 * A connection of its own that only reads, so the store may be open or not.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { storeError, withStoreErrors } from "./database_errors.ts";
import { QUEUE_COLUMNS, queueOfRow } from "./queue_row.ts";
import { SERVICE_COLUMNS, serviceOfRow } from "./service_row.ts";
import type { ServiceRecord, StoredQueue } from "./store.ts";

const BUSY_TIMEOUT_MS = 1000;

/**
 * Yields all queues, in the order in which they were made.
 *
 * @throws {StoreError}
 */
export function* listQueues(path: string): Generator<StoredQueue> {
  yield* list(
    path,
    `SELECT ${QUEUE_COLUMNS} FROM queues q
    LEFT JOIN links l ON l.queue = q.key ORDER BY q.key`,
    queueOfRow,
  );
}

/**
 * Yields all services.
 *
 * @throws {StoreError}
 */
export function* listServices(path: string): Generator<ServiceRecord> {
  yield* list(
    path,
    `SELECT ${SERVICE_COLUMNS} FROM services ORDER BY rowid`,
    serviceOfRow,
  );
}

/**
 * Whether there is any file of XFTP. The database may be of an older relay,
 * which had none.
 *
 * @throws {StoreError}
 */
export function hasFiles(path: string): boolean {
  const names = list(
    path,
    "SELECT name FROM sqlite_schema WHERE name = 'files'",
    (row) => row.name,
  );
  return [...names].length > 0 &&
    list(path, "SELECT 1 FROM files LIMIT 1", () => true).some(() => true);
}

function* list<T>(
  path: string,
  sql: string,
  itemOf: (row: Readonly<Record<string, unknown>>) => T,
): Generator<T> {
  const database = withStoreErrors(() =>
    new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  );
  try {
    for (const row of database.prepare(sql).iterate()) yield itemOf(row);
  } catch (error) {
    throw storeError(error);
  } finally {
    database.close();
  }
}
