/**
 * Which addresses a router may speak for.
 *
 * @module
 */

import type { RouterLink } from "../mapping.ts";

/** An address without its zone, in the one form that can be compared. */
export function plainAddress(address: string): string {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!bare.includes(":")) return bare;
  const url = URL.parse(`http://[${bare}]/`);
  return url === null ? bare.toLowerCase() : url.hostname.slice(1, -1);
}

/** Family of an address. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

/** `fe80::/10`, which means something only on one link. */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

/** With the zone of the link, where the address needs one. */
export function withZone(address: string, link: RouterLink): string {
  return isLinkLocal(address) && !address.includes("%")
    ? `${address}%${link.interfaceName}`
    : address;
}

/** Whether an address is on the network that `link.localAddress` is on. */
export function isOnLink(address: string, link: RouterLink): boolean {
  const plain = plainAddress(address);
  if (plain === plainAddress(link.gateway)) return true;
  if (isLinkLocal(plain)) return true;
  const bits = addressBits(plain);
  if (bits === undefined) return false;
  return Deno.networkInterfaces().some((one) => {
    if (one.name !== link.interfaceName) return false;
    const own = addressBits(plainAddress(one.address));
    const mask = addressBits(plainAddress(one.netmask));
    return own !== undefined && mask !== undefined && mask.value !== 0n &&
      own.length === bits.length && mask.length === bits.length &&
      (own.value & mask.value) === (bits.value & mask.value);
  });
}

/**
 * Whether a device at `sender` may say that it is found at `host`. It may only
 * announce itself. The router alone, whose IPv6 datagrams come from its
 * link-local address, may name another of its addresses on this network.
 */
export function mayAnnounce(
  host: string,
  options: { readonly sender: string; readonly link: RouterLink },
): boolean {
  const { sender, link } = options;
  const named = plainAddress(host);
  const from = plainAddress(sender);
  if (!isOnLink(from, link) || !isOnLink(named, link)) return false;
  if (named === from) return true;
  if (familyOf(named) !== 6 || familyOf(from) !== 6) return false;
  const gateway = plainAddress(link.gateway);
  return isLinkLocal(from) && (from === gateway || named === gateway);
}

function addressBits(
  address: string,
): { readonly value: bigint; readonly length: 4 | 6 } | undefined {
  if (familyOf(address) === 4) {
    const parts = address.split(".");
    if (parts.length !== 4) return undefined;
    let value = 0n;
    for (const part of parts) {
      if (!/^[0-9]{1,3}$/.test(part) || Number(part) > 255) return undefined;
      value = (value << 8n) | BigInt(part);
    }
    return { value, length: 4 };
  }
  const halves = address.split("::");
  const groups = (half: string | undefined) => half ? half.split(":") : [];
  const head = groups(halves[0]);
  const tail = groups(halves[1]);
  const missing = 8 - head.length - tail.length;
  if (halves.length > 2 || missing < 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array(missing).fill("0"), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return { value, length: 6 };
}
