/**
 * An IPv6 address for each relay, out of a prefix that the core has.
 *
 * ```text
 * prefix, up to 112 bits | zeros | leased port (16)
 * ```
 *
 * @module
 */

import { formatAddress, parseRange, type Range } from "../../nat/mod.ts";

/** Bits of the longest prefix that leaves room for a port. */
const MAX_BITS = 112;

/** The prefix of a text such as `2001:db8:1:2::/64`; `undefined` if none. */
export function parsePrefix6(text: string): Range | undefined {
  let range: Range;
  try {
    range = parseRange(text);
  } catch {
    return undefined;
  }
  const { prefix, bits } = range;
  return prefix.length === 16 && bits > 0 && bits <= MAX_BITS
    ? range
    : undefined;
}

/** The address in `range` that stands for the relay with this port. */
export function ownAddress6({ prefix, bits }: Range, port: number): string {
  const address = new Uint8Array(16);
  for (let bit = 0; bit < bits; bit++) {
    address[bit >> 3] |= prefix[bit >> 3] & 0x80 >> (bit & 7);
  }
  address[14] = port >> 8;
  address[15] = port;
  return formatAddress(address);
}
