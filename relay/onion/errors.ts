/** What a {@link TorError} is about. */
export type TorErrorCode =
  /** No tor listens where it was looked for. */
  | "not found"
  /** The system or tor does not let us in. */
  | "not allowed"
  /** Tor, or what listens in its place, does not answer as tor does. */
  | "no answer"
  /** Tor refused a command. */
  | "refused"
  /** The key of the onion service cannot be read or made. */
  | "key";

/** Tor cannot be used. The message is written for the owner. */
export class TorError extends Error {
  override readonly name = "TorError";

  constructor(
    readonly code: TorErrorCode,
    message: string,
    options: ErrorOptions & {
      /** What the owner can do about it, in a sentence. */
      readonly remedy?: string;
    } = {},
  ) {
    super(message, options);
    this.remedy = options.remedy;
  }

  readonly remedy: string | undefined;
}
