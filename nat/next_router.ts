/**
 * Where the router behind the router may be.
 *
 * @module
 */

import { formatAddress, parseAddress, sameAddress } from "./ip.ts";

/** PCP servers further up are asked at this address (RFC 7723). */
const PCP_ANYCAST = "192.0.0.9";

/**
 * Addresses worth asking for a router that gave `address` to the one before it:
 * the first and the last of its network, as nearly all routers have, and the
 * one PCP keeps for this. The size of the network is not known; 256 addresses
 * is what homes have.
 */
export function guessNextRouters(address: string): string[] {
  const bytes = parseAddress(address);
  if (bytes?.length !== 4) return [];
  const withLast = (last: number) =>
    formatAddress(Uint8Array.of(bytes[0], bytes[1], bytes[2], last));
  return [withLast(1), withLast(254), PCP_ANYCAST]
    .filter((guess) => !sameAddress(guess, address));
}
