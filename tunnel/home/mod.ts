/**
 * Home's end of the tunnel.
 *
 * @module
 */

export { type ReachAnswer, RefusedError } from "./core_link.ts";
export { Tunnel, type TunnelOptions, type TunnelStatus } from "./tunnel.ts";
