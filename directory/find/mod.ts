/**
 * Finding relays for oneself, through directories.
 *
 * @module
 */

export { chooseRelays } from "./choose.ts";
export {
  type FindOptions,
  findRelays,
  type Found,
  type FoundRelay,
  type SilentDirectory,
} from "./find.ts";
