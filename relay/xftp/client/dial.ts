/**
 * From an address to a client.
 *
 * @module
 */

import { randomBytes } from "../../crypto/mod.ts";
import type { RelayAddress } from "../../smp/commands.ts";
import {
  type Connection,
  dialSocks5,
  dialTls,
  type SocksCredentials,
  type SocksProxy,
  TlsError,
  wrapTls,
} from "../../transport/mod.ts";
import { toHex } from "../../wire/mod.ts";
import { supportedXftpVersions, XFTP_ALPN } from "../versions.ts";
import { XftpClient } from "./client.ts";
import { XftpClientError } from "./error.ts";

/** Port of relays whose address has none (`getXFTPClient`). */
const DEFAULT_PORT = 443;

/** Time to connect while other hosts are left to try, in milliseconds. */
const HOST_TIMEOUT_MS = 8_000;

/** How relays are reached. */
export interface DialXftpOptions {
  /** Where all connections go through; without it no onion name is reached. */
  readonly socksProxy?: SocksProxy;
  /** How long a response may take, in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects to the relay of this address, at the first of its hosts that can
 * be reached.
 *
 * @throws {XftpClientError} when none can, and when it is another relay
 */
export async function dialXftp(
  relay: RelayAddress,
  options: DialXftpOptions = {},
): Promise<XftpClient> {
  const connection = await connect(relay, options);
  return await XftpClient.start(connection, {
    fingerprint: relay.fingerprint,
    versions: supportedXftpVersions,
    timeoutMs: options.timeoutMs,
  });
}

async function connect(
  relay: RelayAddress,
  { socksProxy, signal }: DialXftpOptions,
): Promise<Connection> {
  const port = relay.port === "" ? DEFAULT_PORT : Number(relay.port);
  const tls = { alpn: [XFTP_ALPN], signal };
  const hosts = hostsToTry(relay.hosts, socksProxy !== undefined);
  for (const [index, host] of hosts.entries()) {
    const last = index === hosts.length - 1;
    try {
      if (socksProxy === undefined) {
        return await dialTls(host, port, {
          ...tls,
          connectTimeoutMs: last ? undefined : HOST_TIMEOUT_MS,
        });
      }
      const stream = await dialSocks5(socksProxy, { host, port }, {
        signal,
        credentials: credentialsFor(socksProxy),
      });
      return await wrapTls(stream, "client", tls);
    } catch (cause) {
      signal?.throwIfAborted();
      if (last) throw cannotConnect(host, cause);
    }
  }
  throw new XftpClientError(
    "protocol",
    "The relay has only an onion address, which takes a SOCKS5 proxy such as Tor.",
  );
}

/** Through a proxy onion names come first, without one they are left out. */
function hostsToTry(hosts: readonly string[], proxied: boolean): string[] {
  const onion = hosts.filter((host) => host.endsWith(".onion"));
  const other = hosts.filter((host) => !host.endsWith(".onion"));
  return proxied ? [...onion, ...other] : other;
}

/** Tor gives each name a circuit of its own: ours is of this process. */
function credentialsFor(
  { login }: SocksProxy,
): SocksCredentials | undefined {
  return login === "isolate"
    ? { username: isolation, password: "", optional: true }
    : login;
}

const isolation = toHex(randomBytes(16));

function cannotConnect(host: string, cause: unknown): XftpClientError {
  const why = cause instanceof TlsError ? ` (${cause.message})` : "";
  return new XftpClientError("closed", `Cannot reach ${host}${why}`, { cause });
}
