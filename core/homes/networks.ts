/**
 * Who counts as one: an IPv4 address, or what one customer has of IPv6.
 *
 * @module
 */

import { formatAddress, parseAddress } from "../../nat/mod.ts";

/** Bytes of the networks that customers get: /64, and the /56 around it. */
const HOST_NETWORK = 8;
const CUSTOMER_NETWORK = 7;

/**
 * A name for the machine at this IP address: IPv6 hosts change their address
 * within their /64 as they like.
 */
export function hostName(address: string): string {
  return prefixName(address, HOST_NETWORK);
}

/** A name for the customer at this IP address. */
export function customerName(address: string): string {
  return prefixName(address, CUSTOMER_NETWORK);
}

function prefixName(address: string, size: number): string {
  const bytes = parseAddress(address);
  if (bytes === undefined) return address;
  const text = formatAddress(bytes);
  // What is mapped into IPv6 comes out as IPv4.
  return text.includes(":") ? bytes.subarray(0, size).toHex() : text;
}
