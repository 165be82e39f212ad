/**
 * Who may ask for the page, and under which name: machines of the same
 * network, and names that no foreign web site can take (DNS rebinding).
 *
 * @module
 */

import { isIP } from "node:net";
import { addressKind, formatAddress, parseAddress } from "../nat/mod.ts";

/** An address of this machine with its network: `fd00::1`, `fd00::1/64`. */
export type Interface = Pick<Deno.NetworkInterfaceInfo, "address" | "cidr">;

/** Networks that are shorter than this are no home's, in bits. */
const SHORTEST_HOME_PREFIX = 56;

/**
 * Whether the peer is this machine or one of its network: loopback, link-local,
 * private (RFC 1918, RFC 4193), or in the same IPv6 network as this machine.
 */
export function isLocalPeer(
  address: string,
  interfaces: readonly Interface[] = Deno.networkInterfaces(),
): boolean {
  const plain = plainAddress(address);
  if (plain === undefined) return false;
  return isLoopbackOrLink(plain) || addressKind(plain) === "private" ||
    interfaces.some(({ cidr }) => isInHomeNetwork(plain, cidr));
}

/**
 * Whether a browser that asks for this host (the `Host` header) means this
 * machine: an IP address, which no name server can point elsewhere, or one of
 * `names`.
 */
export function isOwnHost(
  host: string | null,
  names: readonly string[],
  interfaces: readonly Interface[] = Deno.networkInterfaces(),
): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(
    host ?? "",
  );
  if (match === null) return false;
  const name = match[1].replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "")
    .toLowerCase();
  if (isIP(name) !== 0) {
    return isLocalPeer(name, interfaces) ||
      interfaces.some(({ address }) => plainAddress(address) === name);
  }
  return name === "localhost" ||
    names.some((each) => each.toLowerCase() === name);
}

/** Names that this machine has without being told. */
export function ownNames(hostname: string = machineName()): string[] {
  const [short] = hostname.toLowerCase().split(".");
  return [
    "porchlight.local",
    ...short === "" ? [] : [short, `${short}.local`],
  ];
}

/** One word for peers that are probably the same machine: IPv6 by its network. */
export function peerGroup(address: string): string {
  const plain = plainAddress(address) ?? "";
  const bytes = parseAddress(plain);
  return bytes?.length === 16 ? bytes.subarray(0, 8).toHex() : plain;
}

function machineName(): string {
  try {
    return Deno.hostname();
  } catch {
    return "";
  }
}

/** Without a zone, IPv4 in IPv6 as IPv4. */
function plainAddress(address: string): string | undefined {
  const bytes = parseAddress(address);
  return bytes && formatAddress(bytes);
}

function isLoopbackOrLink(address: string): boolean {
  return /^127\.|^169\.254\.|^::1$|^fe[89ab][0-9a-f]:/i.test(address);
}

function isInHomeNetwork(address: string, cidr: string | undefined): boolean {
  const [network, length] = cidr?.split("/") ?? [];
  const bits = Number(length);
  const ours = network && parseAddress(network);
  const theirs = parseAddress(address);
  if (!ours || ours.length !== 16 || theirs?.length !== 16) return false;
  if (!(bits >= SHORTEST_HOME_PREFIX && bits <= 128)) return false;
  for (let bit = 0; bit < bits; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((ours[bit >> 3] & mask) !== (theirs[bit >> 3] & mask)) return false;
  }
  return true;
}
