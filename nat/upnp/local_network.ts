/**
 * Which addresses a router may speak for.
 *
 * @module
 */

import {
  addressFamily,
  formatAddress,
  inRange,
  parseAddress,
  parseRange,
} from "../ip.ts";
import type { RouterLink } from "../mapping.ts";

const LINK_LOCAL = parseRange("fe80::/10");

/**
 * An address without brackets and zone, in the one form that can be compared;
 * what is no address stays as it is.
 */
export function plainAddress(text: string): string {
  const bare = text.replace(/^\[|\]$/g, "");
  const bytes = parseAddress(bare);
  return bytes === undefined ? bare : formatAddress(bytes);
}

/** Family of the network that `link` is on. */
export function familyOf(link: RouterLink): 4 | 6 {
  return addressFamily(link.localAddress) ?? 4;
}

/** `fe80::/10`, which means something only on one link. */
export function isLinkLocal(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && inRange(bytes, LINK_LOCAL);
}

/** With the zone of the link, where the address needs one. */
export function withZone(address: string, link: RouterLink): string {
  return isLinkLocal(address) && !address.includes("%")
    ? `${address}%${link.interfaceName}`
    : address;
}

/** Whether one of the addresses is that of the link's router. */
export function isGateway(
  link: RouterLink,
  addresses: readonly string[],
): boolean {
  const gateway = plainAddress(link.gateway);
  return addresses.some((address) => plainAddress(address) === gateway);
}

/** Whether an address is on the network that `link` leads to. */
export function isOnLink(address: string, link: RouterLink): boolean {
  if (isGateway(link, [address]) || isLinkLocal(address)) return true;
  const bytes = parseAddress(address);
  if (bytes === undefined) return false;
  return Deno.networkInterfaces().some(({ name, cidr }) => {
    if (name !== link.interfaceName) return false;
    const range = parseRange(cidr);
    return range.bits > 0 && inRange(bytes, range);
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
  const { link } = options;
  const named = plainAddress(host);
  const sender = plainAddress(options.sender);
  if (!isOnLink(sender, link) || !isOnLink(named, link)) return false;
  if (named === sender) return true;
  return isLinkLocal(sender) && addressFamily(named) === 6 &&
    isGateway(link, [sender, named]);
}
