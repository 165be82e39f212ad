/**
 * What the relay keeps: the `Store` interface and its SQLite implementation.
 *
 * @module
 */

export * from "./store.ts";
export type {
  StoredFileCounts,
  StoredFiles,
  StoredRecipient,
} from "./file_reader.ts";
export { hasFiles, listQueues, listServices } from "./listing.ts";
export { STORE_VERSION } from "./migrations/mod.ts";
export {
  lockStore,
  openSqliteStore,
  type SqliteStoreOptions,
  STORE_FILE,
} from "./sqlite_store.ts";
