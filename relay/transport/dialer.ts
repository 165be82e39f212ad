/**
 * TLS client: dials a relay the way SimpleX clients do.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { TlsContextOptions } from "./context.ts";
import { type HandshakeOptions, wrapTls } from "./handshake.ts";
import { TlsError } from "./tls_error.ts";

/** Default time to resolve the name and connect, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 25_000;

/** Options of {@link dialTls}. */
export interface DialTlsOptions
  extends
    Omit<TlsContextOptions, "requestClientCertificate">,
    HandshakeOptions {
  /**
   * Time to resolve the name and connect, in milliseconds; default 25 s
   * (reference: `defaultTcpConnectTimeout`).
   */
  readonly connectTimeoutMs?: number;
}

/**
 * Connects to `host`, a name or an IP address, and makes TLS there. The peer has proved that it holds
 * the key of its first certificate; whether the chain is the right one is for
 * the caller to check in `peerCertificates`.
 *
 * @throws {TlsError} `connect` or `timeout` when there is no TCP connection,
 * and what {@link wrapTls} throws; the reason of `signal` when it aborts.
 */
export async function dialTls(
  host: string,
  port: number,
  options: DialTlsOptions = {},
): Promise<Connection> {
  const tcp = await connect(host, port, options);
  tcp.setNoDelay(true);
  return await wrapTls(tcp, "client", options);
}

async function connect(
  hostname: string,
  port: number,
  options: DialTlsOptions,
): Promise<Deno.TcpConn> {
  const { signal } = options;
  signal?.throwIfAborted();
  const abort = new AbortController();
  const onAbort = () => abort.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    onAbort,
    options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
  );
  try {
    return await Deno.connect({ hostname, port, signal: abort.signal });
  } catch (cause) {
    signal?.throwIfAborted();
    if (abort.signal.aborted) {
      throw new TlsError("timeout", "Connecting took too long", { cause });
    }
    throw new TlsError("connect", "Cannot connect", { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
