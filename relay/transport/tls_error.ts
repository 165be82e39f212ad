/**
 * Why a TLS connection failed. No message holds an address of the peer.
 *
 * @module
 */

/**
 * - `config`: certificate, key or parameters cannot be used;
 * - `connect`: no TCP connection;
 * - `timeout`: a deadline passed;
 * - `not_tls`: the peer speaks something else (plain HTTP, noise);
 * - `alpn`: no application protocol in common;
 * - `handshake`: the handshake failed otherwise;
 * - `protocol`: broken or forged records after the handshake;
 * - `closed`: the stream ended too early.
 */
export type TlsErrorKind =
  | "config"
  | "connect"
  | "timeout"
  | "not_tls"
  | "alpn"
  | "handshake"
  | "protocol"
  | "closed";

/** An error of the TLS layer. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly kind: TlsErrorKind;

  constructor(kind: TlsErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
