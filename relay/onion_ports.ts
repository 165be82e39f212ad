/**
 * From the ports of the onion address to where the relay listens.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { OnionPort } from "./onion/mod.ts";

/**
 * Each port that is listened on leads to itself; those of addresses, set by
 * the owner or granted by a router (`outside`), to the first of them.
 */
export function onionPorts(
  { address }: Config,
  listening: readonly { readonly hostname: string; readonly port: number }[],
  outside: readonly number[] = [],
): OnionPort[] {
  const targets = new Map<number, string>();
  for (const { hostname, port } of listening) {
    const known = targets.get(port);
    // Both families may have the port; tor takes either.
    if (known === undefined) {
      targets.set(port, `${reachable(hostname)}:${port}`);
    }
  }
  const [first] = targets.keys();
  const ports = new Map(targets);
  const target = targets.get(first);
  for (const port of [address.port, ...outside]) {
    if (port !== 0 && target !== undefined) ports.set(port, target);
  }
  return Array.from(ports, ([port, target]) => ({ port, target }));
}

/** This machine, as tor reaches a socket that is bound to `hostname`. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  if (hostname === "::") return "[::1]";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
