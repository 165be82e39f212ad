/**
 * Dials a core and checks that it is the right one.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkChain, type Identity } from "../../relay/identity/mod.ts";
import {
  type Connection,
  dialTls,
  TlsError,
} from "../../relay/transport/mod.ts";
import type { CoreAddress } from "../core_address.ts";
import { TUNNEL_ALPN } from "../protocol/mod.ts";

/** Time to connect and for the handshake, each, ms. */
const DIAL_MS = 10_000;

/** An IP address of a core. */
export interface CoreHost {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * All addresses of a core, in the order of its hosts; none on failure, and none
 * when `signal` aborts.
 */
export async function coreHosts(
  { hosts }: CoreAddress,
  signal: AbortSignal,
): Promise<readonly CoreHost[]> {
  const aborted = Promise.withResolvers<CoreHost[][]>();
  const onAbort = () => aborted.resolve([]);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const found = await Promise.race([
    Promise.all(hosts.map(hostAddresses)),
    aborted.promise,
  ]);
  signal.removeEventListener("abort", onAbort);
  return found.flat();
}

async function hostAddresses(host: string): Promise<CoreHost[]> {
  const literal = isIP(host);
  if (literal !== 0) {
    return [{ address: host, family: literal === 6 ? 6 : 4 }];
  }
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({
      address,
      family: family === 6 ? 6 : 4,
    }));
  } catch {
    // No such name, or no network: what other hosts there are may do.
    return [];
  }
}

/**
 * A connection to the core at `host`, with its fingerprint checked and the own
 * certificates shown.
 *
 * @throws {TlsError} when it cannot be reached or is somebody else
 */
export async function dialCore(
  core: CoreAddress,
  { host, identity, signal }: {
    readonly host: string;
    readonly identity: Identity;
    readonly signal: AbortSignal;
  },
): Promise<Connection> {
  const connection = await dialTls(host, core.port, {
    alpn: [TUNNEL_ALPN],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    connectTimeoutMs: DIAL_MS,
    handshakeTimeoutMs: DIAL_MS,
    maxBuffered: MAX_BUFFERED,
    signal,
  });
  // A home without a clock has to reach its core as well: the fingerprint says
  // who it is, not the dates.
  const fault = checkChain(connection.peerCertificates, core.fingerprint, {
    ignoreTime: true,
  });
  if (fault === "valid" && connection.alpn === TUNNEL_ALPN) return connection;
  connection.abort();
  throw new TlsError(
    "handshake",
    fault === "valid"
      ? "What answers there is not a core"
      : `What answers there is not the core of this address (${fault})`,
  );
}

/** Bytes for the core's TCP above which the link is lost. */
const MAX_BUFFERED = 1024 * 1024;
