/**
 * Dials a core and checks that it is the right one.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkChain, type Identity } from "../../relay/identity/mod.ts";
import { HTTP1_ALPN } from "../../relay/http1/mod.ts";
import {
  type ByteStream,
  type Connection,
  dialTls,
  TlsError,
  wrapTls,
} from "../../relay/transport/mod.ts";
import type { CoreAddress } from "../core_address.ts";
import { TUNNEL_ALPN, TUNNEL_PATH } from "../protocol/mod.ts";
import { openWebSocket } from "../websocket/mod.ts";

/** Time to connect and for the handshake, each, ms. */
const DIAL_MS = 10_000;

/** An IP address of a core. */
export interface CoreHost {
  readonly address: string;
  readonly family: 4 | 6;
  /** The name that led there, if one did. */
  readonly name: string | undefined;
}

/** How to get there. */
export type Way = "direct" | "websocket";

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
    const family = literal === 6 ? 6 : 4;
    return [{ address: host, family, name: undefined }];
  }
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({
      address,
      family: family === 6 ? 6 : 4,
      name: host,
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
 * @throws {WebSocketError} when it opens no WebSocket
 */
export async function dialCore(
  core: CoreAddress,
  { host, way, identity, signal }: {
    readonly host: CoreHost;
    readonly way: Way;
    readonly identity: Identity;
    readonly signal: AbortSignal;
  },
): Promise<Connection> {
  const inner = {
    alpn: [TUNNEL_ALPN],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    maxBuffered: MAX_BUFFERED,
    handshakeTimeoutMs: DIAL_MS,
    signal,
  };
  const connection = way === "direct"
    ? await dialTls(host.address, core.port, {
      ...inner,
      connectTimeoutMs: DIAL_MS,
    })
    : await wrapTls(
      await dialWebSocket(core, { host, signal }),
      "client",
      inner,
    );
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

/**
 * A WebSocket to the core, for networks that let nothing but the web out. Who
 * answers is not checked here, and a program in between that opens TLS is no
 * harm: the TLS inside shows who it is, and hides what is said.
 */
async function dialWebSocket(
  { port }: CoreAddress,
  { host: { address, name }, signal }: {
    readonly host: CoreHost;
    readonly signal: AbortSignal;
  },
): Promise<ByteStream> {
  const connection = await dialTls(address, port, {
    alpn: [HTTP1_ALPN],
    serverName: name,
    connectTimeoutMs: DIAL_MS,
    handshakeTimeoutMs: DIAL_MS,
    maxBuffered: MAX_BUFFERED,
    signal,
  });
  const abort = () => connection.abort();
  const timer = setTimeout(abort, DIAL_MS);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await openWebSocket(connection, {
      host: name ?? (address.includes(":") ? `[${address}]` : address),
      path: TUNNEL_PATH,
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** Bytes for the core's TCP above which the link is lost. */
const MAX_BUFFERED = 1024 * 1024;
