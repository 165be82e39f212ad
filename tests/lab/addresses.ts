/**
 * Addresses in a lab. All that stand for the internet look public to every
 * program, so that none has to know of a lab; they exist in its namespaces only.
 *
 * ```
 *            internet: a bridge, 11.0.113.0/24, 2a0f:113::/64
 *   core .1   client .2   resolver .3          gateway .254 (IPv6 and the rest)
 *                    |
 *   router of home n .(10n), a new last digit each time it changes
 *                    |
 *      192.168.50.1, fe80::1   2a0f:113:n::/64
 *      192.168.50.2            2a0f:113:n::2      box of home n
 * ```
 *
 * With two routers in a row the home's router has 192.168.1.2 (`double`) or
 * 100.64.0.2 (`cgnat`), and the other one, called carrier, the public address.
 *
 * @module
 */

/** Places at public addresses, by the last part of these. */
export const PUBLIC_PLACES = { core: 1, client: 2, resolver: 3 } as const;

/** Last part of the internet's own address. */
export const INTERNET = 254;

/** A public IPv4 address by its last part. */
export function publicAddress(last: number): string {
  return `11.0.113.${last}`;
}

/** The public IPv6 address beside it. */
export function publicAddress6(last: number): string {
  return `2a0f:113::${last.toString(16)}`;
}

/** First 64 bits of the IPv6 addresses in a home. */
export function homePrefix6(home: number): string {
  return `2a0f:113:${home.toString(16)}:`;
}

/** The home's own network, the same in each home as it is in most. */
export const HOME = {
  router: "192.168.50.1",
  box: "192.168.50.2",
  router6: "fe80::1",
} as const;

/** Last part of the public address that a home has after so many changes. */
export function homeAddress(home: number, changes: number): number {
  return home * 10 + changes % 10;
}

/** Homes that have an address. */
export const MAX_HOMES = 24;

/** The network between two routers: address of the one at home, of the other. */
export const BETWEEN = {
  double: { inner: "192.168.1.2", outer: "192.168.1.1" },
  cgnat: { inner: "100.64.0.2", outer: "100.64.0.1" },
} as const;
