/**
 * IP addresses as bytes and text, and which of them the world can reach.
 *
 * @module
 */

import { isIP } from "node:net";

/** What an address is good for, as seen from the internet. */
export type AddressKind =
  /** Reachable from anywhere, if nothing in between forbids it. */
  | "public"
  /** A home's or company's own (RFC 1918, RFC 4193). */
  | "private"
  /** Shared by many customers of a carrier (RFC 6598, 100.64.0.0/10). */
  | "cgnat"
  /** This machine, this link, documentation, multicast and other reserved ones. */
  | "special";

/**
 * Bytes of an address: 4 for IPv4, 16 for IPv6. A zone (`%eth0`) is dropped.
 * `undefined` when the text is no address.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const percent = text.indexOf("%");
  const bare = percent < 0 ? text : text.slice(0, percent);
  switch (isIP(bare)) {
    case 4:
      return Uint8Array.from(bare.split("."), Number);
    case 6:
      return parseIpv6(bare);
    default:
      return undefined;
  }
}

/** The text of 4 or 16 bytes; an IPv4 address mapped into IPv6 as IPv4. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) {
    throw new RangeError(`An address has 4 or 16 bytes, not ${bytes.length}`);
  }
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push(bytes[at] << 8 | bytes[at + 1]);
  }
  const gap = longestZeroRun(groups);
  const hex = (part: readonly number[]) =>
    part.map((group) => group.toString(16)).join(":");
  if (gap.length < 2) return hex(groups);
  return `${hex(groups.slice(0, gap.start))}::${
    hex(groups.slice(gap.start + gap.length))
  }`;
}

/**
 * The 16 bytes PCP writes an address in: IPv4 as `::ffff:a.b.c.d`
 * (RFC 6887 section 5).
 *
 * @throws {TypeError} when the text is no address
 */
export function toSixteenBytes(text: string): Uint8Array {
  const bytes = parseAddress(text);
  if (bytes === undefined) {
    throw new TypeError(`Not an IP address: ${JSON.stringify(text)}`);
  }
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped.fill(0xff, 10, 12);
  mapped.set(bytes, 12);
  return mapped;
}

/** 4 or 6; `undefined` when the text is no address. */
export function addressFamily(text: string): 4 | 6 | undefined {
  const length = parseAddress(text)?.length;
  return length === 4 ? 4 : length === 16 ? 6 : undefined;
}

/** Whether two texts are the same address; zones are not compared. */
export function sameAddress(one: string, other: string): boolean {
  const a = parseAddress(one);
  const b = parseAddress(other);
  return a !== undefined && b !== undefined && a.length === b.length &&
    a.every((byte, at) => byte === b[at]);
}

/** Whether `address` lies in `range` (`192.168.0.0/16`). */
export function inRange(address: Uint8Array, range: Range): boolean {
  if (address.length !== range.prefix.length) return false;
  const whole = range.bits >> 3;
  for (let at = 0; at < whole; at++) {
    if (address[at] !== range.prefix[at]) return false;
  }
  const rest = range.bits & 7;
  return rest === 0 ||
    (address[whole] ^ range.prefix[whole]) >> (8 - rest) === 0;
}

/** What an address is good for; `special` when the text is no address. */
export function addressKind(text: string): AddressKind {
  const bytes = parseAddress(text);
  if (bytes === undefined) return "special";
  const plain = bytes.length === 16 && isMapped(bytes)
    ? bytes.subarray(12)
    : bytes;
  for (const [kind, ranges] of NOT_PUBLIC) {
    if (ranges.some((range) => inRange(plain, range))) return kind;
  }
  // Of IPv6 only 2000::/3 has been given out (RFC 4291, IANA).
  return plain.length === 16 && !inRange(plain, GLOBAL_UNICAST)
    ? "special"
    : "public";
}

/** Whether the world can reach this address, as far as the address tells. */
export function isPublic(text: string): boolean {
  return addressKind(text) === "public";
}

/** The first `bits` bits of an address. */
export interface Range {
  readonly prefix: Uint8Array;
  readonly bits: number;
}

/**
 * Reads `192.168.0.0/16`.
 *
 * @throws {TypeError} when the text is no range
 */
export function parseRange(text: string): Range {
  const [address, length = ""] = text.split("/");
  const prefix = parseAddress(address);
  const bits = Number(length);
  if (
    prefix === undefined || !/^\d{1,3}$/.test(length) ||
    bits > prefix.length * 8
  ) {
    throw new TypeError(`Not a range of addresses: ${JSON.stringify(text)}`);
  }
  return { prefix, bits };
}

const GLOBAL_UNICAST = parseRange("2000::/3");

/** IANA's special-purpose registries (RFC 6890), and what came after. */
const NOT_PUBLIC: readonly (readonly [AddressKind, readonly Range[]])[] = [
  ["cgnat", ["100.64.0.0/10"].map(parseRange)],
  [
    "private",
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].map(
      parseRange,
    ),
  ],
  [
    "special",
    [
      "0.0.0.0/8",
      "127.0.0.0/8",
      "169.254.0.0/16",
      "192.0.0.0/24",
      "192.0.2.0/24",
      "192.88.99.0/24",
      "198.18.0.0/15",
      "198.51.100.0/24",
      "203.0.113.0/24",
      "224.0.0.0/3",
      "::/8",
      "100::/64",
      "2001::/23",
      "2001:db8::/32",
      "2002::/16",
      "3fff::/20",
      "5f00::/16",
      "fe80::/10",
      "ff00::/8",
    ].map(parseRange),
  ],
];

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

/** `text` is known to be an IPv6 address. */
function parseIpv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head, tail] = text.split("::");
  bytes.set(groupBytes(head));
  if (tail !== undefined) {
    const end = groupBytes(tail);
    bytes.set(end, 16 - end.length);
  }
  return bytes;
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function longestZeroRun(
  groups: readonly number[],
): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
