/**
 * Addresses that lead into somebody's own network instead of the internet.
 *
 * @module
 */

import { BlockList, isIPv4, isIPv6 } from "node:net";
import { ipv6Bytes } from "../../transport/mod.ts";

/** Not on the internet (RFC 6890 and the registries that it began). */
const local = new BlockList();
for (
  const [network, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["224.0.0.0", 3],
  ] as const
) local.addSubnet(network, prefix, "ipv4");

/** The internet's IPv6 addresses; all others are something else. */
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");

/** Where an IPv4 address is inside an IPv6 address, in bytes from the start. */
const embedded: readonly (readonly [string, number, number])[] = [
  ["64:ff9b::", 96, 12], // NAT64
  ["::ffff:0:0", 96, 12], // IPv4-mapped
  ["2002::", 16, 2], // 6to4
];
const embeddings = embedded.map(([network, prefix, offset]) => {
  const list = new BlockList();
  list.addSubnet(network, prefix, "ipv6");
  return { list, offset };
});

/**
 * Whether an IP address (without brackets) is not one of the public internet:
 * private, loopback, link-local, carrier-grade NAT, multicast, reserved. True
 * also for what is no IP address at all.
 */
export function isLocalAddress(address: string): boolean {
  if (isIPv4(address)) return local.check(address, "ipv4");
  // A zone ("%eth0") is for link-local addresses.
  if (!isIPv6(address) || address.includes("%")) return true;
  for (const { list, offset } of embeddings) {
    if (list.check(address, "ipv6")) {
      const bytes = ipv6Bytes(address).slice(offset, offset + 4);
      return local.check(bytes.join("."), "ipv4");
    }
  }
  return !global.check(address, "ipv6");
}

/** Whether a name is for this machine or its network (RFC 6761, RFC 6762). */
export function isLocalName(name: string): boolean {
  const bare = name.toLowerCase().replace(/\.$/, "");
  return !bare.includes(".") ||
    /\.(?:localhost|local|internal|lan|home\.arpa)$/.test(bare);
}
