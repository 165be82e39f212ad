/** What an {@link IdentityError} is about. */
export type IdentityErrorCode =
  /** A file that is needed is not there. */
  | "missing"
  /** A file is not what it should be: damaged, another type of key. */
  | "invalid"
  /** Files are fine one by one, but do not belong together. */
  | "mismatch"
  /** There is an identity already; nothing was touched. */
  | "exists"
  /** The system refused to read or write. */
  | "io";

/**
 * The identity cannot be loaded or made. The message tells the owner what
 * happened, what it means, and what to do.
 */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly code: IdentityErrorCode;

  constructor(
    code: IdentityErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
  }
}
