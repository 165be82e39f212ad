/**
 * Private message routing as it was configured.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { Identity } from "./identity/mod.ts";
import type { ProxyOptions, RelayAddress } from "./smp/mod.ts";
import { parseSocksProxy } from "./transport/mod.ts";
import { equalBytes } from "./wire/mod.ts";

/** A TCP address that the relay listens on. */
export interface ListeningAddress {
  readonly hostname: string;
  readonly port: number;
}

/** What the options depend on besides the settings. */
export interface ProxyParts {
  readonly config: Config;
  readonly identity: Identity;
  /** Where the relay listens, once it does. */
  readonly listening: () => readonly ListeningAddress[];
}

/** Port of an address that has none. */
const DEFAULT_PORT = 5223;

/** The settings of `[proxy]`. */
export function proxyOptions(parts: ProxyParts): ProxyOptions {
  const { proxy, share, smp } = parts.config;
  return {
    enabled: proxy.enabled,
    password: smp.createPassword === ""
      ? undefined
      : new TextEncoder().encode(smp.createPassword),
    ownPassword: share.ownPassword === ""
      ? undefined
      : new TextEncoder().encode(share.ownPassword),
    versions: { min: proxy.minVersion, max: proxy.maxVersion },
    clientConcurrency: proxy.clientConcurrency,
    destinationConcurrency: proxy.destinationConcurrency,
    destinations: proxy.destinations,
    idleAfterMs: proxy.idleAfterMs,
    retryMs: proxy.retryMs,
    errorMemoryMs: proxy.errorMemoryMs,
    allowLocal: proxy.allowLocal,
    hostMode: proxy.hostMode,
    requiredHostMode: proxy.requiredHostMode,
    socksProxy: parseSocksProxy(proxy.socksProxy),
    socksMode: proxy.socksMode,
    ownDomains: proxy.ownServerDomains,
    own: (relay) => ownAddress(relay, parts),
  };
}

/**
 * Where this relay listens, when `relay` is itself: apps forward to the relay
 * that they also receive on.
 */
function ownAddress(
  { fingerprint, port }: RelayAddress,
  { config, identity, listening }: ProxyParts,
): ListeningAddress | undefined {
  if (!equalBytes(fingerprint, identity.fingerprint)) return undefined;
  const addresses = listening();
  const number = port === "" ? DEFAULT_PORT : Number(port);
  const address = addresses.find((each) => each.port === number) ??
    (number === config.address.port ? addresses[0] : undefined);
  return address && { ...address, hostname: reachable(address.hostname) };
}

/** "All addresses" is one to listen on, not one to connect to. */
function reachable(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  return hostname === "::" ? "::1" : hostname;
}
