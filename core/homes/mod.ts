/**
 * Relays at home, as their core serves them.
 *
 * @module
 */

export { Homes, type HomesOptions } from "./homes.ts";
export { NetworkShare } from "./network_share.ts";
