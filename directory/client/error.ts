/**
 * Why a directory did not do what it was asked.
 *
 * @module
 */

import type { Problem } from "../api/mod.ts";

/** What to do about a {@link DirectoryError}. */
export type DirectoryErrorKind =
  /** It could not be reached: try again, with growing pauses. */
  | "unreachable"
  /** Come back later, not before `retryAfterSeconds`. */
  | "later"
  /** Do not come back. */
  | "stop"
  /** The number was too low: go on from `sequence`. */
  | "stale"
  /** Register first. */
  | "unknown"
  /** It will not, as it was asked. */
  | "refused"
  /** What it says makes no sense. */
  | "protocol";

/** A directory did not do what it was asked. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
  readonly kind: DirectoryErrorKind;
  readonly retryAfterSeconds: number | undefined;
  /** Of the last request that it took. */
  readonly sequence: number | undefined;
  readonly remedy: string | undefined;

  constructor(
    kind: DirectoryErrorKind,
    message: string,
    options: ErrorOptions & Partial<Omit<Problem, "error" | "message">> = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.retryAfterSeconds = options.retryAfter;
    this.sequence = options.sequence;
    this.remedy = options.remedy;
  }
}
