/**
 * Relays at home, as their core serves them.
 *
 * @module
 */

export { parsePrefix6 } from "./own_address.ts";
export { Homes, type HomesOptions } from "./homes.ts";
export { NetworkShare } from "./network_share.ts";
