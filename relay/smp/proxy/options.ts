/**
 * Settings of private message routing.
 *
 * @module
 */

import type { SocksProxy } from "../../transport/mod.ts";
import type { RelayAddress } from "../commands.ts";
import type { VersionRange } from "../versions.ts";

/** How other relays are reached. */
export interface DialOptions {
  /**
   * Which host of several is taken (`HostMode`): a public one, or an onion one
   * where there is a SOCKS5 proxy.
   */
  readonly hostMode: "public" | "onion";
  /** Whether no other host may be taken where there is none of that kind. */
  readonly requiredHostMode: boolean;
  readonly socksProxy?: SocksProxy;
  /** What the SOCKS5 proxy is for. */
  readonly socksMode: "onion" | "always";
  /** Whether hosts outside of the internet may be connected to. */
  readonly allowLocal: boolean;
  /**
   * Where this very relay listens, if `relay` is its address: routers seldom
   * let a machine reach itself from outside.
   */
  readonly own?: (
    relay: RelayAddress,
  ) => { readonly hostname: string; readonly port: number } | undefined;
}

/** Settings of the sessions with other relays. Times in milliseconds. */
export interface DestinationOptions extends DialOptions {
  /** Versions spoken to other relays. */
  readonly versions: VersionRange;
  /** Relays that are connected, being connected or remembered to fail. */
  readonly destinations: number;
  /** Messages under way to one relay. */
  readonly destinationConcurrency: number;
  /** A session without messages for this long is closed. */
  readonly idleAfterMs: number;
  /** How long to try again, see `Destinations`. */
  readonly retryMs: number;
  /**
   * A relay that is silent for this long is asked for a sign of life, and taken
   * for gone after as long again; 5 s unless given.
   */
  readonly silenceMs?: number;
  /** How long a failure stands (`persistErrorInterval`). */
  readonly errorMemoryMs: number;
  /** Domains of the owner's relays, for the statistics. */
  readonly ownDomains: readonly string[];
}

/** Settings of the proxy. */
export interface ProxyOptions extends DestinationOptions {
  readonly enabled: boolean;
  /** Password that clients need; none when absent. */
  readonly password?: Uint8Array;
  /** Another one that will do: the owner's. */
  readonly ownPassword?: Uint8Array;
  /** Commands of one client under way at a time (`serverClientConcurrency`). */
  readonly clientConcurrency: number;
}
