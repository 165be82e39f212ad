/**
 * What goes wrong in an exchange of HTTP.
 *
 * @module
 */

/** What an {@link Http1Error} is about. */
export type Http1ErrorKind =
  /** The peer does not speak HTTP/1.1, or parts of it that are not taken. */
  | "protocol"
  /** A head or a body is longer than allowed. */
  | "too large"
  /** The peer was silent for too long. */
  | "timeout"
  /** The connection is closed. */
  | "closed";

/** An exchange did not come to its end. The connection is of no more use. */
export class Http1Error extends Error {
  override readonly name = "Http1Error";
  readonly kind: Http1ErrorKind;

  constructor(kind: Http1ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
