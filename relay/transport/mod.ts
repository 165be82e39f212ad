/**
 * TLS as SimpleX wants it: a listener, a dialer, and TLS over other streams.
 *
 * @module
 */

export { BufferPool } from "./buffers.ts";
export type { Connection } from "./connection.ts";
export type { TlsContextOptions, TlsCredentials, TlsRole } from "./context.ts";
export { dialTls, type DialTlsOptions } from "./dialer.ts";
export { type HandshakeOptions, wrapTls } from "./handshake.ts";
export { type ListenAddress, openSockets } from "./listen_sockets.ts";
export {
  type ConnectionInfo,
  listenTls,
  type ListenTlsOptions,
  type TlsListener,
  type TlsListenerStats,
  type WebContextOptions,
} from "./listener.ts";
export { PeekedConnection } from "./peeked_connection.ts";
export {
  dialSocks5,
  type DialSocksOptions,
  ipv6Bytes,
  parseSocksProxy,
  type SocksCredentials,
  SocksError,
  type SocksErrorKind,
  type SocksProxy,
} from "./socks5.ts";
export type { ByteStream } from "./stream.ts";
export type { ConnectionLimits } from "./tls_connection.ts";
export { TlsError, type TlsErrorKind } from "./tls_error.ts";
