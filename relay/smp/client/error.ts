/** Why a client could not go on. */
export type SmpClientErrorCode =
  | "closed"
  | "identity"
  | "protocol"
  | "service"
  | "session"
  | "timeout"
  | "version";

/** A connection to a relay failed or never came about. */
export class SmpClientError extends Error {
  override readonly name = "SmpClientError";
  constructor(
    readonly code: SmpClientErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
