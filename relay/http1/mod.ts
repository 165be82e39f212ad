/**
 * HTTP/1.1 over a TLS connection, as much of it as a small API needs: bodies
 * of a known length, connections that are kept, no pipelining, no proxies.
 *
 * @module
 */

export {
  connectHttp1,
  type Http1Answer,
  type Http1Client,
  type Http1ClientOptions,
  type Http1ClientRequest,
} from "./client.ts";
export { Http1Error, type Http1ErrorKind } from "./errors.ts";
export { Incoming } from "./incoming.ts";
export {
  type Http1Limits,
  type Http1Request,
  type Http1Response,
  serveHttp1,
  type ServeHttp1Options,
} from "./server.ts";

/** ALPN protocol name. */
export const HTTP1_ALPN = "http/1.1";
