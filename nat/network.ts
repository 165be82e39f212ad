/**
 * Which routers this machine can ask, from which of its addresses, and when
 * that changes.
 *
 * @module
 */

import { addressFamily, addressKind, inRange, parseAddress } from "./ip.ts";
import type { RouterLink } from "./mapping.ts";
import {
  type DefaultRoute,
  readDefaultRoutes,
  readIpv6Addresses,
} from "./routes.ts";

/** How often the network is looked at, milliseconds. */
const WATCH_INTERVAL = 2000;
/** Most routers that are told. */
const MAX_LINKS = 4;

/** One address of this machine. */
interface LocalAddress {
  readonly address: string;
  readonly interfaceName: string;
  /** Length of the network's prefix, bits; `undefined` where not known. */
  readonly prefixBits: number | undefined;
}

/**
 * The routers of this machine's default routes, best first, each with the
 * address that a mapping would lead to. IPv6 links have a global address:
 * without one no pinhole helps.
 */
export async function readLinks(family: 4 | 6): Promise<RouterLink[]> {
  const routes = await readDefaultRoutes(family);
  if (routes.length === 0) return [];
  const addresses = family === 4
    ? ipv4Addresses()
    : await globalIpv6Addresses();
  const links: RouterLink[] = [];
  for (const route of routes) {
    const local = localAddressFor(route, addresses);
    if (local === undefined) continue;
    const linkLocal = /^fe[89ab]/i.test(route.gateway);
    links.push({
      gateway: linkLocal
        ? `${route.gateway}%${route.interfaceName}`
        : route.gateway,
      localAddress: local.address,
      interfaceName: route.interfaceName,
    });
  }
  return links.slice(0, MAX_LINKS);
}

/**
 * Calls `onChange` when the way out changes: another router, another address,
 * another interface; not for bridges of containers, temporary addresses and
 * the like, which no default route uses. Looks every `intervalMs`; resolves
 * when `signal` ends.
 */
export async function watchNetwork(
  options: {
    readonly signal: AbortSignal;
    readonly onChange: () => void;
    readonly intervalMs?: number;
  },
): Promise<void> {
  const { signal, onChange, intervalMs = WATCH_INTERVAL } = options;
  let known = await networkFingerprint();
  while (await pause(intervalMs, signal)) {
    const now = await networkFingerprint();
    if (now === known || signal.aborted) continue;
    known = now;
    onChange();
  }
}

/**
 * Text that is the same as long as routers and addresses are. Never throws: not
 * being able to look is a state of the network too.
 */
export async function networkFingerprint(): Promise<string> {
  try {
    return JSON.stringify([await readLinks(4), await readLinks(6)]);
  } catch (error) {
    return String(error);
  }
}

/** Waits; false when `signal` ended first. */
export function pause(
  milliseconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve(true);
    }, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** The address in the router's network, else the first of the interface. */
function localAddressFor(
  route: DefaultRoute,
  addresses: readonly LocalAddress[],
): LocalAddress | undefined {
  const own = addresses.filter((each) =>
    each.interfaceName === route.interfaceName
  );
  const gateway = parseAddress(route.gateway);
  return own.find(({ address, prefixBits }) => {
    const prefix = parseAddress(address);
    return gateway !== undefined && prefix !== undefined &&
      prefixBits !== undefined &&
      inRange(gateway, { prefix, bits: prefixBits });
  }) ?? own[0];
}

function ipv4Addresses(): LocalAddress[] {
  return Deno.networkInterfaces()
    .filter(({ address }) =>
      addressFamily(address) === 4 &&
      !/^(127|169\.254|0)\./.test(address)
    )
    .map(({ address, name, netmask }) => ({
      address,
      interfaceName: name,
      prefixBits: maskBits(netmask),
    }));
}

async function globalIpv6Addresses(): Promise<LocalAddress[]> {
  const known = await readIpv6Addresses() ??
    Deno.networkInterfaces()
      .filter(({ address }) => addressFamily(address) === 6)
      .map(({ address, name }) => ({
        address,
        interfaceName: name,
        passing: false,
      }));
  return known
    .filter(({ address, passing }) =>
      !passing && addressKind(address) === "public"
    )
    .map(({ address, interfaceName }) => ({
      address,
      interfaceName,
      prefixBits: undefined,
    }))
    .sort((a, b) => a.address < b.address ? -1 : 1);
}

/** Bits set at the start of a mask such as 255.255.255.0. */
function maskBits(netmask: string): number | undefined {
  const bytes = parseAddress(netmask);
  if (bytes === undefined) return undefined;
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0"))
    .join("");
  const ones = bits.indexOf("0");
  return ones < 0 ? bits.length : ones;
}
