/**
 * Private message routing: the proxy's role. The destination's is
 * `server/forwarding.ts`.
 *
 * @module
 */

export type {
  DestinationOptions,
  DialOptions,
  ProxyOptions,
} from "./options.ts";
export { Places } from "./places.ts";
export { type ProxyCommand, SmpProxy } from "./proxy.ts";
