/** What became of a transfer. */
export type TransferErrorCode =
  /** The description or the content is not what it should be. */
  | "content"
  /** The file on this machine cannot be used. */
  | "file"
  /** No relay did what it was asked for. */
  | "relay";

/** A transfer failed; the message is for the person who wanted it. */
export class TransferError extends Error {
  override readonly name = "TransferError";
  constructor(
    readonly code: TransferErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
