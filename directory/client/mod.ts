/**
 * The client of directories, for relays, owners and other directories.
 *
 * @module
 */

export {
  DirectoryClient,
  type DirectoryClientOptions,
  type RelayQuery,
  type Signing,
} from "./directory_client.ts";
export { DirectoryError, type DirectoryErrorKind } from "./error.ts";
