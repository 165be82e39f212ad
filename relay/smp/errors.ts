/**
 * The table of SMP protocol errors (simplexmq 6.5.5, `ErrorType` and below it
 * in `Simplex.Messaging.Protocol`, `TransportError` in `.Transport`).
 *
 * These are values that travel on the wire, not exceptions.
 *
 * @module
 */

/** Why a command was refused before its queue was looked at. */
export type CommandErrorReason =
  | "UNKNOWN"
  | "SYNTAX"
  | "PROHIBITED"
  | "NO_AUTH"
  | "HAS_AUTH"
  | "NO_ENTITY";

/** Why a handshake failed. */
export type HandshakeErrorReason =
  | "PARSE"
  | "IDENTITY"
  | "BAD_AUTH"
  | "BAD_SERVICE";

/** Errors of the transport below the commands. */
export type TransportError =
  | {
    readonly type: "BLOCK" | "VERSION" | "LARGE_MSG" | "SESSION" | "NO_AUTH";
  }
  | { readonly type: "HANDSHAKE"; readonly reason: HandshakeErrorReason };

/** Errors between a proxy and the destination relay. */
export type BrokerError =
  | { readonly type: "RESPONSE" | "UNEXPECTED"; readonly message: string }
  | { readonly type: "TRANSPORT"; readonly error: TransportError }
  | { readonly type: "NETWORK" | "TIMEOUT" | "HOST" | "NO_SERVICE" };

/** Errors of private message routing. */
export type ProxyError =
  | { readonly type: "PROTOCOL"; readonly error: SmpError }
  | { readonly type: "BROKER"; readonly error: BrokerError }
  | { readonly type: "BASIC_AUTH" | "NO_SESSION" };

/** Why the operator blocked a queue, and the notice for the client (JSON text). */
export interface BlockingInfo {
  readonly reason: "spam" | "content";
  /**
   * JSON of the client notice, from version 18: `{}`, or `{"ttl":<seconds>}`
   * for one that lapses.
   */
  readonly notice?: string;
}

/** Everything that can follow `ERR`. */
export type SmpError =
  | {
    readonly type:
      | "BLOCK"
      | "SESSION"
      | "AUTH"
      | "SERVICE"
      | "CRYPTO"
      | "QUOTA"
      | "NO_MSG"
      | "LARGE_MSG"
      | "EXPIRED"
      | "INTERNAL"
      | "DUPLICATE_";
  }
  | { readonly type: "CMD"; readonly reason: CommandErrorReason }
  | { readonly type: "PROXY"; readonly error: ProxyError }
  | { readonly type: "BLOCKED"; readonly info: BlockingInfo }
  | { readonly type: "STORE"; readonly message: string };
