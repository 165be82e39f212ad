/** Why a certificate could not be had. */
export type AcmeErrorKind =
  /** The certificate authority does not answer. */
  | "unreachable"
  /** It does not do what it was asked. */
  | "refused"
  /** It could not see the proof that a name is ours. */
  | "not proven"
  /** Too much was asked of it; see `retryAfterMs`. */
  | "rate limited"
  /** It answers what no certificate authority answers. */
  | "protocol"
  /** This machine cannot offer the proof. */
  | "here";

/** A certificate could not be had. The message is written for the owner. */
export class AcmeError extends Error {
  override readonly name = "AcmeError";

  constructor(
    readonly kind: AcmeErrorKind,
    message: string,
    options: ErrorOptions & {
      /** The CA's own name of the problem: `urn:ietf:params:acme:error:…`. */
      readonly type?: string;
      /** Not before so many milliseconds. */
      readonly retryAfterMs?: number;
    } = {},
  ) {
    super(message, options);
    this.type = options.type;
    this.retryAfterMs = options.retryAfterMs;
  }

  readonly type: string | undefined;
  readonly retryAfterMs: number | undefined;
}
