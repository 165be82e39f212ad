/**
 * The routers that a home can have.
 *
 * @module
 */

/** What stands between a home and the internet. */
export const variants = {
  igd2: "UPnP IGD 2, PCP, NAT-PMP, and IPv6 with pinholes",
  igd1: "UPnP IGD 1 only, as most home routers",
  pmp: "NAT-PMP only",
  pcp: "PCP only",
  none: "a router that maps nothing",
  manual: "a router that maps nothing; its owner forwarded a port",
  double: "two routers in a row at home; both map",
  cgnat: "a router that maps, behind a carrier's NAT that does not",
  public: "no router: the box has a public address",
} as const;

/** Name of a kind of router. */
export type Variant = keyof typeof variants;

/** Whether this is the name of a kind of router. */
export function isVariant(name: string): name is Variant {
  return Object.hasOwn(variants, name);
}

/** One home. */
export interface HomeOptions {
  readonly variant: Variant;
  /**
   * `cgnat` and `double`: the home's router refuses to map, since its own
   * address is private.
   */
  readonly strict?: boolean;
  /**
   * What the home's router of `cgnat` and `double` takes for its address
   * outside: its own private one, or the public one of the carrier. The first
   * is the default of `double`, the second that of `cgnat`.
   */
  readonly reports?: "own" | "carrier";
  /** IPv6 (true for `igd2` and `public`; not with two routers). */
  readonly ipv6?: boolean;
  /** `igd2`: UPnP only, no PCP and no NAT-PMP. */
  readonly upnpOnly?: boolean;
  /** Each connection gets a random port outside. */
  readonly randomPorts?: boolean;
  /** Shortest and longest time that a mapping is granted for, seconds. */
  readonly lease?: { readonly min: number; readonly max: number };
  /** What the owner forwarded; a number: to the same port of the box. */
  readonly forward?: readonly (Forward | number)[];
}

/** A port that the owner forwarded on the router's page. */
export interface Forward {
  readonly external: number;
  readonly internal: number;
}
