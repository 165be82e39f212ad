/**
 * TLS connections to other relays: which host, by which way, and which hosts
 * never.
 *
 * An onion name goes to a SOCKS5 proxy or nowhere. Without `allowLocal` no
 * connection leads out of the internet, whatever a name resolves to: the
 * address that was checked is the one that is connected to. What a SOCKS5
 * proxy makes of a name is its affair.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  type Connection,
  dialSocks5,
  dialTls,
  type SocksCredentials,
  type SocksProxy,
  TlsError,
  wrapTls,
} from "../../transport/mod.ts";
import type { RelayAddress } from "../commands.ts";
import { DestinationError, noHost } from "./destination_error.ts";
import { isLocalAddress, isLocalName } from "./local_address.ts";
import type { DialOptions } from "./options.ts";

/** Port of relays whose address has none (`defaultSMPPort`). */
const DEFAULT_PORT = 5223;

/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 4;

/** Time for one address while others are left to try, in milliseconds. */
const ADDRESS_TIMEOUT_MS = 4000;

/** What one connection needs. */
export interface DialParameters {
  /** Breaks off; the deadline of the caller. */
  readonly signal: AbortSignal;
  /** Name for the SOCKS5 proxy that keeps the circuits of this relay apart. */
  readonly isolation: string;
  /** Output that may wait for the other relay, in bytes. */
  readonly maxBuffered: number;
}

/** Whether the way to a relay leads through the SOCKS5 proxy. */
export function goesThroughSocks(
  relay: RelayAddress,
  options: DialOptions,
): boolean {
  if (options.socksProxy === undefined) return false;
  return options.socksMode === "always" ||
    isOnion(chooseHost(relay.hosts, options));
}

/**
 * Connects to a relay.
 *
 * @throws {DestinationError} `HOST` when there is no host that may be
 * connected to, `NETWORK` when the port cannot be
 * @throws {TlsError} when connection or TLS fail
 * @throws {SocksError} when the SOCKS5 proxy does
 */
export async function dialRelay(
  relay: RelayAddress,
  options: DialOptions,
  parameters: DialParameters,
): Promise<Connection> {
  const { signal, maxBuffered } = parameters;
  const tls = { alpn: ["smp/1"], signal, maxBuffered };
  const own = options.own?.(relay);
  if (own !== undefined) return await dialTls(own.hostname, own.port, tls);
  const host = chooseHost(relay.hosts, options);
  const port = relay.port === "" ? DEFAULT_PORT : readPort(relay.port);
  const { socksProxy, allowLocal } = options;
  const onion = isOnion(host);
  if (onion && socksProxy === undefined) throw noHost();
  if (socksProxy !== undefined && goesThroughSocks(relay, options)) {
    if (!allowLocal && !onion && isLocal(host)) throw noHost();
    const stream = await dialSocks5(socksProxy, { host, port }, {
      signal,
      credentials: credentialsFor(socksProxy, parameters.isolation),
    });
    return await wrapTls(stream, "client", tls);
  }
  const addresses = await resolve(host, { allowLocal });
  for (;;) {
    const address = addresses.shift();
    if (address === undefined) throw noHost();
    try {
      return await dialTls(address, port, {
        ...tls,
        connectTimeoutMs: addresses.length > 0 ? ADDRESS_TIMEOUT_MS : undefined,
      });
    } catch (error) {
      const unreachable = error instanceof TlsError &&
        (error.kind === "connect" || error.kind === "timeout");
      if (!unreachable || addresses.length === 0) throw error;
    }
  }
}

/**
 * The host that is connected to (`chooseTransportHost`).
 *
 * @throws {DestinationError} `HOST` when none is of the kind that is required
 */
export function chooseHost(
  hosts: readonly string[],
  options: Pick<DialOptions, "hostMode" | "requiredHostMode" | "socksProxy">,
): string {
  const wantOnion = options.hostMode === "onion" &&
    options.socksProxy !== undefined;
  const fitting = hosts.find((host) => isOnion(host) === wantOnion);
  const host = fitting ?? (options.requiredHostMode ? undefined : hosts[0]);
  if (host === undefined) throw noHost();
  return host;
}

function isOnion(host: string): boolean {
  return /\.onion\.?$/i.test(host);
}

function isLocal(host: string): boolean {
  return isIP(host) === 0 ? isLocalName(host) : isLocalAddress(host);
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new DestinationError({ type: "NETWORK" });
  }
  return port;
}

function credentialsFor(
  { login }: SocksProxy,
  isolation: string,
): SocksCredentials | undefined {
  return login === "isolate"
    ? { username: isolation, password: "", optional: true }
    : login;
}

/** Addresses of the host that may be connected to, at least one. */
async function resolve(
  host: string,
  { allowLocal }: { readonly allowLocal: boolean },
): Promise<string[]> {
  const all = isIP(host) === 0
    ? (await lookup(host, { all: true })).map(({ address }) => address)
    : [host];
  const allowed = all.filter((each) => allowLocal || !isLocalAddress(each));
  if (allowed.length === 0) throw noHost();
  return allowed.slice(0, MAX_ADDRESSES);
}
