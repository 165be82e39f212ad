/**
 * The files that a relay keeps for others.
 *
 * @module
 */

export { contentName, UPLOAD_SUFFIX } from "./content.ts";
export {
  DiskFileStore,
  type DiskFileStoreOptions,
  openDiskFileStore,
  type Reconciliation,
} from "./disk_file_store.ts";
