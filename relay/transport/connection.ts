/**
 * What the protocols see of a TLS connection. `transport/` makes these;
 * `smp/`, `xftp/`, `web/` and `tunnel/` use them.
 *
 * @module
 */

/** An open TLS connection after its handshake. */
export interface Connection extends AsyncDisposable {
  /** ALPN protocol that was agreed, if any. */
  readonly alpn: string | undefined;
  /** Server name the client asked for; SimpleX clients send none. */
  readonly serverName: string | undefined;
  /**
   * Session ID: the client's Finished message (`tls-unique`, RFC 5929), the
   * same bytes at both ends.
   */
  readonly sessionId: Uint8Array;
  /** The peer's certificate chain as it was sent, leaf first, DER each. */
  readonly peerCertificates: readonly Uint8Array[];
  /** Bytes given to `write` that the peer's TCP has not taken yet. */
  readonly buffered: number;
  /** False once the connection is closed; cheaper than `closed`. */
  readonly open: boolean;
  /** Aborts when the connection is closed, for whatever reason. */
  readonly closed: AbortSignal;

  /**
   * Next decrypted bytes, or `undefined` at the end of the stream. The view
   * is valid until the next `read`. One read at a time.
   */
  read(): Promise<Uint8Array | undefined>;

  /**
   * Fills `buffer` completely; returns false when the stream ended before.
   * One read at a time.
   */
  readFull(buffer: Uint8Array): Promise<boolean>;

  /**
   * Encrypts `bytes` at once and queues them for the socket; the caller may
   * reuse `bytes` after the call. Closes the connection when more than the
   * output bound waits already. Does nothing on a closed connection.
   */
  write(bytes: Uint8Array): void;

  /** Resolves when `buffered` is at most `limit` bytes, or when closed. */
  drained(limit?: number): Promise<void>;

  /** Sends `close_notify`, then closes; bounded wait. Never rejects. */
  close(): Promise<void>;

  /** Closes at once without waiting for the peer. */
  abort(): void;
}
