/**
 * The order of servers in file descriptions (simplexmq 6.5.5, `Ord` of
 * `ProtocolServer` in `Simplex.Messaging.Protocol` and of `TransportHost` in
 * `.Transport.Client`): by hosts (IPv4, IPv6, onion, domains), then port, then
 * fingerprint.
 *
 * @module
 */

import { isIPv4 } from "node:net";
import type { ServerAddress } from "../../smp/mod.ts";

type SortKey = readonly (number | string)[];

/** Negative, zero or positive, for `sort`. */
export function compareServers(a: ServerAddress, b: ServerAddress): number {
  return compareLists(
    a.hosts.map(hostKey),
    b.hosts.map(hostKey),
    compareKeys,
  ) ||
    comparePrimitives(a.port, b.port) ||
    compareKeys([...a.fingerprint], [...b.fingerprint]);
}

function hostKey(host: string): SortKey {
  if (isIPv4(host)) return [0, ...host.split(".").map(Number)];
  if (host.includes(":")) return [1, ...ipv6Groups(host)];
  return [host.endsWith(".onion") ? 2 : 3, host];
}

/** The 8 groups of an IPv6 address in its normal form. */
function ipv6Groups(host: string): number[] {
  const [head, tail] = host.split("::").map((part) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16))
  );
  if (tail === undefined) return head;
  const zeros = Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...zeros, ...tail];
}

function compareKeys(a: SortKey, b: SortKey): number {
  return compareLists(a, b, comparePrimitives);
}

/** By the first difference; a list that ends before the other comes first. */
function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function comparePrimitives<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
