/**
 * Host names and addresses of relays in their text form (simplexmq 6.5.5,
 * `TransportHost` in `Simplex.Messaging.Transport.Client`).
 *
 * @module
 */

import { isIPv6 } from "node:net";

const IPV4_PATTERN = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
const ONION_PATTERN = /^[a-z0-9]+\.onion$/;
const DOMAIN_PATTERN = /^[!-~]+$/;
const NOT_IN_DOMAIN = /[:#,;/@[\]]/;

/**
 * The host in the form in which it is written into addresses: IPv6 shortened
 * and without brackets; `undefined` when it is not a host.
 *
 * Stricter than the reference on what cannot be reached: the last number of an
 * IPv4 address may not be above 255 (the reference takes it modulo 256), a
 * name that ends in a number is no domain.
 */
export function normalizeHost(host: string): string | undefined {
  if (host.includes(":")) return normalizeIPv6(host);
  const ipv4 = IPV4_PATTERN.exec(host);
  if (ipv4 !== null) return normalizeIPv4(ipv4.slice(1));
  if (host.endsWith(".onion")) {
    return ONION_PATTERN.test(host) ? host : undefined;
  }
  return isDomain(host) ? host : undefined;
}

/** The host as it stands in an address: IPv6 in brackets. */
export function hostInAddress(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function normalizeIPv4(parts: readonly string[]): string | undefined {
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255)
    ? numbers.join(".")
    : undefined;
}

function normalizeIPv6(host: string): string | undefined {
  const address = host.startsWith("[") && host.endsWith("]")
    ? host.slice(1, -1)
    : host;
  // Zones ("%eth0") mean something on one machine only.
  if (address.includes("%") || !isIPv6(address)) return undefined;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

function isDomain(host: string): boolean {
  return DOMAIN_PATTERN.test(host) && !NOT_IN_DOMAIN.test(host) &&
    !/(^|\.)\d+\.?$/.test(host);
}
