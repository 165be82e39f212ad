/**
 * Where the way out of this machine begins: default routes with their routers,
 * as the kernel tells them.
 *
 * @module
 */

import { formatAddress, parseAddress } from "./ip.ts";

/** One default route that leads over a router. */
export interface DefaultRoute {
  readonly family: 4 | 6;
  /** The router's address; link-local IPv6 without its zone. */
  readonly gateway: string;
  readonly interfaceName: string;
  /** The lowest is used first. */
  readonly metric: number;
}

/** One IPv6 address with what the kernel knows about it. */
export interface Ipv6Address {
  readonly address: string;
  readonly interfaceName: string;
  /**
   * Made for a while only, no longer to be used, or not yet known to be unique:
   * nothing to be told to others.
   */
  readonly passing: boolean;
}

/** Largest file of the kernel that is read, characters. */
const MAX_TEXT = 1 << 20;
const MAX_ROUTES = 64;

/** RTF_UP and RTF_GATEWAY of linux/route.h. */
const UP_OVER_GATEWAY = 0x3;
const REJECT = 0x200;
/** IFA_F_TEMPORARY, DADFAILED, DEPRECATED, TENTATIVE of linux/if_addr.h. */
const PASSING = 0x01 | 0x08 | 0x20 | 0x40;

/**
 * Default routes in `/proc/net/route`, best first. Numbers in that file are
 * hexadecimal, addresses in the byte order of the machine (little-endian on
 * x86-64 and aarch64).
 */
export function parseIpv4Routes(text: string): DefaultRoute[] {
  const routes: DefaultRoute[] = [];
  for (const fields of rows(text)) {
    const [interfaceName, destination, gateway, flags, , , metric, mask] =
      fields;
    if (
      fields.length < 8 || destination !== "00000000" || mask !== "00000000" ||
      !leadsOut(flags)
    ) continue;
    const bytes = hexBytes(gateway, 4);
    const cost = Number(metric);
    if (bytes === undefined || !Number.isSafeInteger(cost)) continue;
    routes.push({
      family: 4,
      gateway: formatAddress(bytes.reverse()),
      interfaceName,
      metric: cost,
    });
  }
  return bestFirst(routes);
}

/** Default routes in `/proc/net/ipv6_route`, best first. */
export function parseIpv6Routes(text: string): DefaultRoute[] {
  const routes: DefaultRoute[] = [];
  for (const fields of rows(text)) {
    const [destination, length, , , gateway, metric, , , flags, interfaceName] =
      fields;
    if (
      fields.length < 10 || length !== "00" || !/^0{32}$/.test(destination) ||
      !leadsOut(flags)
    ) continue;
    const bytes = hexBytes(gateway, 16);
    const cost = hexBytes(metric, 4);
    if (bytes === undefined || cost === undefined) continue;
    routes.push({
      family: 6,
      gateway: formatAddress(bytes),
      interfaceName,
      metric: new DataView(cost.buffer).getUint32(0),
    });
  }
  return bestFirst(routes);
}

/** Default routes as `ip -j route show default` prints them, best first. */
export function parseIpRouteJson(text: string, family: 4 | 6): DefaultRoute[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  const routes: DefaultRoute[] = [];
  for (const row of value.slice(0, MAX_ROUTES)) {
    if (typeof row !== "object" || row === null) continue;
    const { dst, gateway, dev, metric } = row as Record<string, unknown>;
    if (
      dst !== "default" || typeof gateway !== "string" ||
      typeof dev !== "string"
    ) continue;
    const bytes = parseAddress(gateway);
    if (bytes?.length !== (family === 4 ? 4 : 16)) continue;
    routes.push({
      family,
      gateway: formatAddress(bytes),
      interfaceName: dev,
      metric: typeof metric === "number" ? metric : 0,
    });
  }
  return bestFirst(routes);
}

/** Addresses in `/proc/net/if_inet6`. */
export function parseIpv6Addresses(text: string): Ipv6Address[] {
  const addresses: Ipv6Address[] = [];
  for (const fields of rows(text)) {
    const [address, , , , flags, interfaceName] = fields;
    if (fields.length < 6 || !/^[0-9a-f]{2,8}$/i.test(flags)) continue;
    const bytes = hexBytes(address, 16);
    if (bytes === undefined) continue;
    addresses.push({
      address: formatAddress(bytes),
      interfaceName,
      passing: (parseInt(flags, 16) & PASSING) !== 0,
    });
  }
  return addresses;
}

/** This machine's default routes of one family, best first; none is no error. */
export async function readDefaultRoutes(
  family: 4 | 6,
): Promise<DefaultRoute[]> {
  const text = await readKernelFile(
    family === 4 ? "/proc/net/route" : "/proc/net/ipv6_route",
  );
  if (text !== undefined) {
    return family === 4 ? parseIpv4Routes(text) : parseIpv6Routes(text);
  }
  return parseIpRouteJson(await askIp(family), family);
}

/** This machine's IPv6 addresses; `undefined` where the kernel does not tell. */
export async function readIpv6Addresses(): Promise<Ipv6Address[] | undefined> {
  const text = await readKernelFile("/proc/net/if_inet6");
  return text === undefined ? undefined : parseIpv6Addresses(text);
}

async function readKernelFile(path: string): Promise<string | undefined> {
  try {
    return (await Deno.readTextFile(path)).slice(0, MAX_TEXT);
  } catch {
    // Not Linux, no IPv6, or no permission: there are other ways to know.
    return undefined;
  }
}

async function askIp(family: 4 | 6): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("ip", {
      args: [`-${family}`, "-j", "route", "show", "default"],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(3000),
    }).output();
    return new TextDecoder().decode(stdout.subarray(0, MAX_TEXT));
  } catch {
    // No such program: no route is known then.
    return "";
  }
}

function* rows(text: string): Generator<string[]> {
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed !== "") yield trimmed.split(/\s+/);
  }
}

function leadsOut(flags: string): boolean {
  if (!/^[0-9a-f]{1,8}$/i.test(flags)) return false;
  const bits = parseInt(flags, 16);
  return (bits & UP_OVER_GATEWAY) === UP_OVER_GATEWAY && (bits & REJECT) === 0;
}

function hexBytes(
  text: string,
  length: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== length * 2 || !/^[0-9a-f]+$/i.test(text)) return;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    bytes[at] = parseInt(text.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}

function bestFirst(routes: DefaultRoute[]): DefaultRoute[] {
  return routes.slice(0, MAX_ROUTES).sort((a, b) => a.metric - b.metric);
}
