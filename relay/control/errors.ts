/** What a {@link ControlError} is about. */
export type ControlErrorCode =
  /** No relay listens on the socket. */
  | "not running"
  /** A relay listens on the socket already. */
  | "already running"
  /** Only another user may use the socket. */
  | "not allowed"
  /** The path is longer than a Unix socket's may be. */
  | "path too long"
  /** What listens there does not answer as a relay does. */
  | "no answer"
  /** The relay does not do what it was asked; the message says why. */
  | "refused"
  /** The system refused to make the socket. */
  | "io";

/** The control socket cannot be used. The message says what to do. */
export class ControlError extends Error {
  override readonly name = "ControlError";

  constructor(
    readonly code: ControlErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why a question is not answered; sent as `error` with its message. */
export type RefusalCode =
  /** The question is not put right. */
  | "bad request"
  /** What it is about is not there. */
  | "not found"
  /** It cannot be done now. */
  | "conflict"
  /** The relay has only begun to start. */
  | "starting";

/** Thrown by a handler: the one who asked hears the message. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(readonly code: RefusalCode, message: string) {
    super(message);
  }
}

/** Longest path of a Unix socket in bytes: `sun_path` less its final NUL (unix(7)). */
const MAX_PATH = 107;

/**
 * Checks a socket's path before the system cuts it off or refuses it.
 *
 * @throws {ControlError} `path too long`
 */
export function checkSocketPath(path: string): void {
  const length = new TextEncoder().encode(path).length;
  if (length <= MAX_PATH) return;
  throw new ControlError(
    "path too long",
    `The path of the control socket has ${length} bytes, and ${MAX_PATH} is ` +
      `the most a Unix socket may have: ${path}\n` +
      "Choose a shorter one: set control.socket, for example to " +
      '"/run/porchlight.sock".',
  );
}
