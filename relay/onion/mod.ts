/**
 * The relay's onion service: where `tor` runs on this machine, the relay can
 * be reached through Tor as well, with no router to set up.
 *
 * @module
 */

export { TorError, type TorErrorCode } from "./errors.ts";
export { findTor, type FoundTor } from "./find_tor.ts";
export {
  type Onion,
  type OnionOptions,
  type OnionPort,
  type OnionProblem,
  startOnion,
} from "./onion.ts";
export {
  isOnionHost,
  ONION_KEY_FILE,
  onionHost,
  OnionKey,
  readOnionKey,
  readOrMakeOnionKey,
} from "./onion_key.ts";
export { TorControl } from "./control.ts";
