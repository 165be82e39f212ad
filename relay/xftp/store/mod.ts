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
} from "./disk_file_store.ts";
export type { Reconciliation } from "./reconcile.ts";
