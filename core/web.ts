/**
 * What a core says to web clients on the port of its relays: a word to people,
 * the directory's API, and a WebSocket to relays whose network lets nothing
 * else out.
 *
 * ```text
 * TLS to the core, as any web page │ HTTP │ WebSocket │ TLS of the tunnel │ link
 * ```
 * The outer TLS proves nothing and hides nothing that the inner does not: there
 * both ends show who they are, as on any other link.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { Identity } from "../relay/identity/mod.ts";
import {
  HTTP1_ALPN,
  type Http1Request,
  type Http1Response,
  serveHttp1,
} from "../relay/http1/mod.ts";
import type {
  ByteStream,
  Connection,
  TlsCredentials,
} from "../relay/transport/mod.ts";
import { TUNNEL_PATH } from "../tunnel/protocol/mod.ts";
import { acceptWebSocket } from "../tunnel/websocket/mod.ts";

const PAGE = "This is a Porchlight core: a way in to SimpleX relays at home.\n";
/** Nobody has reason to stay. */
const LIMITS = { requests: 200, idleMs: 15_000, bodyBytes: 16 * 1024 };

/**
 * Serves one connection to its end. Never rejects for what the client does.
 *
 * @param adopt serves a relay's link that comes over a WebSocket
 */
export async function serveWeb(
  connection: Connection,
  { api, adopt, onError }: {
    /** Answers what is for the directory; undefined: it is not. */
    readonly api?: (
      request: Http1Request,
    ) => Promise<Http1Response> | undefined;
    readonly adopt: (stream: ByteStream) => Promise<void>;
    readonly onError: (error: unknown) => void;
  },
): Promise<void> {
  await serveHttp1(connection, {
    handle: (request) => api?.(request) ?? page(request),
    upgrade(request, taken) {
      if (request.target !== TUNNEL_PATH) return undefined;
      const stream = acceptWebSocket(request, taken);
      return stream && adopt(stream);
    },
    onError,
    limits: LIMITS,
  });
}

function page({ method, target }: Http1Request): Http1Response {
  return target === "/" && (method === "GET" || method === "HEAD")
    ? { status: 200, body: PAGE, fields: { "content-type": "text/plain" } }
    : { status: 404 };
}

/**
 * Certificate and protocols for clients that send a server name: the one in the
 * settings, so that browsers like it, or else the core's own.
 *
 * @throws {Deno.errors.NotFound} when a file of the settings is not there
 */
export async function webCredentials(
  { tls }: Config,
  identity: Identity,
): Promise<{ credentials: TlsCredentials; alpn: readonly string[] }> {
  const credentials = tls.webCertificate === ""
    ? { certificates: identity.chainPem, key: identity.keyPem }
    : {
      certificates: await Deno.readTextFile(tls.webCertificate),
      key: await Deno.readTextFile(tls.webKey),
    };
  return { credentials, alpn: [HTTP1_ALPN] };
}
