/**
 * Errors of HTTP/2 and their codes on the wire.
 *
 * @module
 */

/** Codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */
export const Http2Code = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

/**
 * Why something ended:
 *
 * - `protocol`: the peer broke the rules; `code` says which one;
 * - `reset`: one side broke the stream off, with `code`;
 * - `timeout`: nothing moved for too long;
 * - `refused`: the request was not begun, and may be made again;
 * - `closed`: the session or its connection is over.
 */
export type Http2ErrorKind =
  | "protocol"
  | "reset"
  | "timeout"
  | "refused"
  | "closed";

/** What ended a stream or a session. */
export class Http2Error extends Error {
  override readonly name = "Http2Error";
  readonly kind: Http2ErrorKind;
  /** One of {@link Http2Code}, or whatever number the peer gave. */
  readonly code: number;

  constructor(
    kind: Http2ErrorKind,
    message: string,
    options: { readonly code: number; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
  }
}

/** The peer broke a rule that ends the whole connection (section 5.4.1). */
export function connectionError(
  code: keyof typeof Http2Code,
  message: string,
): Http2Error {
  return new Http2Error("protocol", message, { code: Http2Code[code] });
}

/** The session is over, so its streams are. */
export function closedError(cause?: unknown): Http2Error {
  return new Http2Error("closed", "The HTTP/2 session is over", {
    code: Http2Code.CANCEL,
    cause,
  });
}
