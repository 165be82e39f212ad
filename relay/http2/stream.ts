/**
 * What users of HTTP/2 see: sessions over a TLS connection, and their streams
 * (RFC 9113). Pull-based both ways: a peer is given room for as much as is
 * read, and nothing is written before the peer has room for it.
 *
 * @module
 */

/** A header field; names in lower case, pseudo-headers first. */
export type HeaderField = readonly [name: string, value: string];

/** Bounds of a session. */
export interface Http2Limits {
  /**
   * Bytes of one stream that may be on their way to us, once it is read faster
   * than they come. Before that, 65,535 (what HTTP/2 begins with).
   */
  readonly streamWindow: number;
  /** Bytes of all streams that may be on their way to us. */
  readonly connectionWindow: number;
  /** Streams that the peer may have open. */
  readonly maxConcurrentStreams: number;
  /** Size of a list of header fields, as RFC 9113 section 6.5.2 counts it. */
  readonly maxHeaderListSize: number;
  /**
   * What a peer may do in vain before it is disconnected: streams broken off,
   * empty frames, PINGs, SETTINGS. It gets this number back each minute, and
   * something for each exchange that ends well.
   */
  readonly maxIdleFrames: number;
  /**
   * How long a `write` waits while the peer takes nothing of it, before its
   * stream is reset; in milliseconds.
   */
  readonly writeStallMs: number;
}

/** One exchange: a request and its response. */
export interface Http2Stream {
  readonly id: number;
  /** Neither reset nor ended in both directions, and its session is there. */
  readonly open: boolean;
  /** Settles when the stream is over, for whatever reason. Never rejects. */
  readonly closed: Promise<void>;

  /**
   * The peer's header fields: at the server there from the start, at the client
   * once the response begins. Interim (1xx) responses are passed over.
   *
   * @throws {Http2Error} when the stream is over before
   */
  headers(): Promise<readonly HeaderField[]>;

  /**
   * Next bytes of the body, or `undefined` at its end. The view is valid until
   * the next `read`, which also gives the peer room for as much. One read at a
   * time.
   *
   * @throws {Http2Error} when the stream was reset or the session is lost
   */
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;

  /**
   * Sends header fields: at the server the response's.
   *
   * @throws {Http2Error} when the stream is over
   */
  sendHeaders(
    fields: readonly HeaderField[],
    options?: { readonly end?: boolean },
  ): void;

  /**
   * Sends bytes of the body; resolves when all are given to the connection,
   * which takes no more than it has room for, so that memory stays bounded. The
   * caller may reuse `bytes` then. One write at a time. After the end was sent,
   * there is no other.
   *
   * @throws {Http2Error} when the stream is over before; `timeout` when the
   * peer took nothing for `writeStallMs`
   */
  write(
    bytes: Uint8Array,
    options?: { readonly end?: boolean },
  ): Promise<void>;

  /**
   * Ends the stream in both directions at once, and drops what was not read of
   * it. A stream whose body is not read to its end is to be reset.
   */
  reset(code: number): void;
}

/** A connection that speaks HTTP/2. */
export interface Http2Session extends AsyncDisposable {
  /** Whether new streams can begin. */
  readonly open: boolean;
  /**
   * Settles when the session and its connection are over, at the server those
   * who handle its streams as well. Never rejects.
   */
  readonly ended: Promise<void>;
  /** Says goodbye, lets streams under way finish, for a bounded time. */
  close(): Promise<void>;
  /** Ends it at once. */
  abort(): void;
}

/** The side that asks. */
export interface Http2ClientSession extends Http2Session {
  /**
   * Begins a request.
   *
   * @throws {Http2Error} `closed` when the session takes no more streams,
   * `refused` while the peer allows no more at a time
   */
  request(
    fields: readonly HeaderField[],
    options?: { readonly end?: boolean },
  ): Http2Stream;
}
