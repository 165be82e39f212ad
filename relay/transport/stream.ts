/**
 * What TLS runs over: a TCP socket, a stream of a tunnel, a SOCKS5 connection.
 *
 * @module
 */

/** A two-way stream of bytes. `Deno.Conn` is one. */
export interface ByteStream {
  /**
   * Reads up to `buffer.length` bytes; `null` at the end. Rejects once the
   * stream is closed. One read at a time.
   */
  read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Takes some of `bytes` and resolves to how many. One write at a time. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Ends the own direction; the peer reads the end of the stream. */
  closeWrite?(): Promise<void>;
  /** Ends both directions at once; pending calls settle. May throw. */
  close(): void;
}
