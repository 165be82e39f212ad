/**
 * The files that a relay keeps for others.
 *
 * @module
 */

export {
  DiskFileStore,
  type DiskFileStoreOptions,
  openDiskFileStore,
  type Reconciliation,
} from "./disk_file_store.ts";
