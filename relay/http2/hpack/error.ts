/** What is wrong with a block of header fields. */
export type HpackErrorKind =
  /** It is no encoding of fields; nothing behind it can be decoded. */
  | "compression"
  /** It has more than is taken; the next block can be decoded. */
  | "too large";

/** A block of header fields was not decoded. */
export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly kind: HpackErrorKind;

  constructor(kind: HpackErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Error for what is no encoding (RFC 7541). */
export function invalid(message: string): HpackError {
  return new HpackError("compression", message);
}
