import type { XftpError } from "../messages.ts";

/** Why a client could not go on. */
export type XftpClientErrorCode =
  /** The connection is closed, or nobody answers there. */
  | "closed"
  /** What came is not what the description says it is. */
  | "content"
  /** The relay is another one than the address says. */
  | "identity"
  /** The relay does not speak XFTP, or breaks its rules. */
  | "protocol"
  /** The relay said no; see `refusal`. */
  | "refused"
  | "session"
  | "timeout"
  | "version";

/** A request to a relay failed. */
export class XftpClientError extends Error {
  override readonly name = "XftpClientError";
  /** What the relay answered, where `code` is `refused`. */
  readonly refusal: XftpError | undefined;

  constructor(
    readonly code: XftpClientErrorCode,
    message: string,
    options: ErrorOptions & { readonly refusal?: XftpError } = {},
  ) {
    super(message, options);
    this.refusal = options.refusal;
  }

  /** Whether another attempt may do better. */
  get temporary(): boolean {
    return this.refusal === undefined
      ? TEMPORARY_CODES.has(this.code)
      : TEMPORARY_REFUSALS.has(this.refusal.type);
  }
}

const TEMPORARY_CODES: ReadonlySet<XftpClientErrorCode> = new Set([
  "closed",
  "session",
  "timeout",
]);

const TEMPORARY_REFUSALS: ReadonlySet<XftpError["type"]> = new Set([
  "FILE_IO",
  "INTERNAL",
  "SESSION",
  "TIMEOUT",
]);

/** The error for what a relay answered. */
export function refused(refusal: XftpError): XftpClientError {
  return new XftpClientError("refused", explain(refusal), { refusal });
}

function explain(refusal: XftpError): string {
  switch (refusal.type) {
    case "AUTH":
      return "The relay refused (AUTH): it has no such file any more, or wants " +
        "another password";
    case "QUOTA":
      return "The relay has no space left";
    case "SIZE":
      return "The relay does not take chunks of this size";
    case "BLOCKED":
      return `The relay's operator has blocked the file (${refusal.info.reason})`;
    case "CMD":
      return `The relay did not understand (CMD ${refusal.reason})`;
    default:
      return `The relay answered with an error (${refusal.type})`;
  }
}
