/**
 * The control socket: how `porchlight status` and other programs of the owner
 * talk to the running relay. HTTP with JSON over a Unix socket.
 *
 * @module
 */

export { ControlError, type ControlErrorCode } from "./errors.ts";
export { askRelay } from "./client.ts";
export {
  type ControlHandlers,
  type ControlServer,
  serveControl,
} from "./server.ts";
export {
  type PartState,
  type PartStatus,
  type RelayStatus,
  worstState,
} from "./status.ts";
