/** What an {@link UpdateError} is about. */
export type UpdateErrorCode =
  /** This program was not put in place by the installer. */
  | "not installed"
  /** Only another user (root) may change the program. */
  | "not allowed"
  /** Another update is at work. */
  | "busy"
  /** No trust or no address is built in or set. */
  | "no source"
  /** The server cannot be reached, or does not have what it should. */
  | "unreachable"
  /** What came is not signed as it must be, is older than known, or differs. */
  | "untrusted"
  /** The list is out of date, or the clock of this machine is wrong. */
  | "out of date"
  /** The clock of this machine cannot be right. */
  | "clock"
  /** There is no room on the disk. */
  | "no room"
  /** The new program does not run here. */
  | "broken"
  /** There is nothing to go back to. */
  | "nothing before";

/** An update did not happen. The message is for the owner; nothing has changed. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
  /** What the owner can do, in a sentence. */
  readonly remedy: string | undefined;

  constructor(
    readonly code: UpdateErrorCode,
    message: string,
    options: ErrorOptions & { readonly remedy?: string } = {},
  ) {
    super(message, options);
    this.remedy = options.remedy;
  }
}
