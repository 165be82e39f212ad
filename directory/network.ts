/**
 * Networks that addresses belong to: one customer has many addresses, so what
 * is limited or spread out is counted by network.
 *
 * @module
 */

import { parseAddress } from "../nat/ip.ts";

/** Bytes of an IPv4 /24 and of an IPv6 /48. */
const PREFIX_4 = 3;
const PREFIX_6 = 6;

/** The network of an IP address; `undefined` when it is none. */
export function networkOf(address: string): Uint8Array | undefined {
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  const mapped = bytes.length === 16 && bytes[10] === 0xff &&
    bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
  const plain = mapped ? bytes.subarray(12) : bytes;
  return plain.subarray(0, plain.length === 4 ? PREFIX_4 : PREFIX_6);
}
