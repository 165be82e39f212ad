/**
 * Why a relay could not be reached, and what its client is told.
 *
 * @module
 */

import { TlsError } from "../../transport/mod.ts";
import { SmpClientError } from "../client/mod.ts";
import type { BrokerError } from "../errors.ts";

/** A relay could not be reached, or did not answer. No message names it. */
export class DestinationError extends Error {
  override readonly name = "DestinationError";
  /** What the client is told, as `PROXY BROKER`. */
  readonly broker: BrokerError;
  /** Whether it may be over in a moment, so that trying again makes sense. */
  readonly momentary: boolean;

  constructor(
    broker: BrokerError,
    options: ErrorOptions & { readonly momentary?: boolean } = {},
  ) {
    super("The other relay was not reached", options);
    this.broker = broker;
    this.momentary = options.momentary ?? false;
  }
}

/** No host of the relay may be connected to. */
export function noHost(): DestinationError {
  return new DestinationError({ type: "HOST" });
}

/**
 * What went wrong while connecting, as the reference names it (`smpProxyError`
 * of what `getProtocolClient` throws, in `Simplex.Messaging.Client`).
 */
export function connectError(cause: unknown): DestinationError {
  if (cause instanceof DestinationError) return cause;
  if (cause instanceof SmpClientError) {
    switch (cause.code) {
      case "version":
        return transportError({ type: "VERSION" }, cause);
      case "session":
        return transportError({ type: "SESSION" }, cause);
      case "identity":
        return transportError({ type: "HANDSHAKE", reason: "BAD_AUTH" }, cause);
      case "protocol":
        return transportError({ type: "HANDSHAKE", reason: "PARSE" }, cause);
    }
  }
  const lasting = cause instanceof TlsError &&
    (cause.kind === "not_tls" || cause.kind === "alpn" ||
      cause.kind === "handshake");
  return new DestinationError({ type: "NETWORK" }, {
    cause,
    momentary: !lasting,
  });
}

function transportError(
  error: (BrokerError & { type: "TRANSPORT" })["error"],
  cause: unknown,
): DestinationError {
  return new DestinationError({ type: "TRANSPORT", error }, { cause });
}
