/**
 * What a certificate is for: a name or an IP address.
 *
 * @module
 */

import { isIP } from "node:net";

/** A name or an IP address (RFC 8555, 9.7.7; RFC 8738). */
export interface Identifier {
  readonly type: "dns" | "ip";
  /** In small letters, an IPv6 address without brackets and in its short form. */
  readonly value: string;
}

/** The identifier that a setting or an address names. */
export function identifierOf(host: string): Identifier {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  if (isIP(bare) === 0) return { type: "dns", value: bare };
  return {
    type: "ip",
    value: isIP(bare) === 4 ? bare : canonical6(bare),
  };
}

/** Bytes of an IP address: 4 or 16. */
export function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) {
    return Uint8Array.from(address.split(".").map(Number));
  }
  const bytes = new Uint8Array(16);
  groups(address).forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  });
  return bytes;
}

/**
 * The name by which a CA asks for a challenge's certificate: the name itself,
 * or that of the address's reverse mapping (RFC 8738, section 6).
 */
export function challengeServerName({ type, value }: Identifier): string {
  if (type === "dns") return value;
  if (isIP(value) === 4) {
    return `${value.split(".").reverse().join(".")}.in-addr.arpa`;
  }
  const digits = [...addressBytes(value).toHex()].reverse();
  return `${digits.join(".")}.ip6.arpa`;
}

function canonical6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The eight groups of an IPv6 address. */
function groups(address: string): number[] {
  const [head, tail] = canonical6(address).split("::").map((part) =>
    part === ""
      ? []
      : part.split(":").map((group) => Number.parseInt(group, 16))
  );
  if (tail === undefined) return head;
  const zeros = new Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...zeros, ...tail];
}
