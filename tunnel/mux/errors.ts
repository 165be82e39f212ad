/**
 * Why a link or one of its streams ended: the error table of the tunnel.
 *
 * @module
 */

/** What went wrong. */
export type MuxErrorKind =
  /** This side closed it. */
  | "closed"
  /** The peer gave this stream up. */
  | "reset"
  /** The connection under the link is gone. */
  | "lost"
  /** The peer has not been heard of for too long. */
  | "dead"
  /** The peer takes no new streams: it is full or about to stop. */
  | "refused"
  /** The peer broke the rules of the protocol. */
  | "protocol";

/** A link or a stream has ended, or could not begin. */
export class MuxError extends Error {
  override readonly name = "MuxError";
  readonly kind: MuxErrorKind;

  constructor(kind: MuxErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
