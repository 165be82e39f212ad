/**
 * HTTP/2 (RFC 9113) over the relay's own TLS connections, for both sides.
 *
 * @module
 */

export { connectHttp2 } from "./client.ts";
export { Http2Code, Http2Error, type Http2ErrorKind } from "./errors.ts";
export { serveHttp2, type ServeHttp2Options } from "./server.ts";
export type {
  HeaderField,
  Http2ClientSession,
  Http2Limits,
  Http2Session,
  Http2Stream,
} from "./stream.ts";
