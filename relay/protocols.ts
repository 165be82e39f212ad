/**
 * Which protocol a connection of the one port speaks.
 *
 * ALPN says it for most: `smp/1`, `xftp/1`, call-backs. Three kinds of clients
 * are left. Apps that are told to use the web's port offer `http/1.1` alone,
 * for SMP as for XFTP (simplexmq 6.5.5, `useWebPort` in
 * `Simplex.Messaging.Client` and `Simplex.FileTransfer.Client`); very old ones
 * offer nothing; browsers come with a server name and `h2` or `http/1.1`. Among
 * them the first bytes decide:
 *
 * ```text
 * PRI * HTTP/2.0…   XFTP (HTTP/2 clients speak first), and browsers
 * GET / HTTP/1.1…   a browser
 * nothing           SMP, where the server speaks first
 * ```
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { CALLBACK_ALPN } from "../callback/mod.ts";
import { HTTP1_ALPN } from "./http1/mod.ts";
import { type Connection, PeekedConnection } from "./transport/mod.ts";
import { XFTP_ALPN } from "./xftp/versions.ts";

const SMP_ALPN = "smp/1";
const HTTP2_ALPN = "h2";
/**
 * How long a client that may speak first has for its first bytes, in
 * milliseconds. They mostly come with the end of the handshake; who waits for
 * the relay to speak loses this time once.
 */
const FIRST_BYTES_MS = 250;

/** What a connection speaks. */
export type Protocol =
  | "smp"
  /** Over HTTP/2, with pages for browsers. */
  | "xftp"
  | "callback"
  /** Pages alone. */
  | "http1"
  | "http2";

/** ALPN protocols for apps; `undefined` where ALPN is off. */
export function appProtocols(
  { tls, xftp, path }: Config,
): string[] | undefined {
  if (!tls.alpn) return undefined;
  return [
    SMP_ALPN,
    ...xftp.enabled ? [XFTP_ALPN] : [],
    ...path.answerCallbacks ? [CALLBACK_ALPN] : [],
    HTTP2_ALPN,
    HTTP1_ALPN,
  ];
}

/** ALPN protocols for clients that send a server name, as browsers do. */
export const WEB_PROTOCOLS = [HTTP2_ALPN, HTTP1_ALPN, XFTP_ALPN, SMP_ALPN];

/**
 * Finds out what the connection speaks; to be used through the one that is
 * returned, which has the bytes that were looked at.
 *
 * @param options.web whether there is a certificate for clients with a server
 * name, who then are browsers.
 */
export async function protocolOf(
  connection: Connection,
  options: { readonly files: boolean; readonly web: boolean },
): Promise<{ protocol: Protocol; connection: Connection }> {
  const { alpn, serverName } = connection;
  const browser = options.web && serverName !== undefined;
  const overHttp2 = options.files ? "xftp" : "http2";
  switch (alpn) {
    case SMP_ALPN:
      return { protocol: "smp", connection };
    case XFTP_ALPN:
      return { protocol: "xftp", connection };
    case CALLBACK_ALPN:
      return { protocol: "callback", connection };
  }
  if (browser) {
    const protocol = alpn === HTTP2_ALPN ? overHttp2 : "http1";
    return { protocol, connection };
  }
  const peeked = new PeekedConnection(connection);
  const first = await peeked.peek(FIRST_BYTES_MS);
  const speaker = first === undefined ? "smp" : speakerOf(first);
  const protocol = speaker === "http2" ? overHttp2 : speaker;
  return { protocol, connection: peeked };
}

function speakerOf(first: Uint8Array): Protocol {
  const text = new TextDecoder("latin1").decode(first.subarray(0, 16));
  if (text.startsWith("PRI")) return "http2";
  return /^[A-Z]{3,8} [/*]/.test(text) ? "http1" : "smp";
}
