/**
 * Dials a relay from outside, as a SimpleX app would, to see whether it is
 * there.
 *
 * @module
 */

import { checkChain } from "../relay/identity/mod.ts";
import { dialTls, TlsError } from "../relay/transport/mod.ts";
import type { CallbackOutcome } from "./protocol.ts";

/** Time to connect, and for the TLS handshake after it, in milliseconds. */
const DIAL_TIMEOUT_MS = 5_000;

/** Who is expected, and where. */
export interface DialBackOptions {
  readonly port: number;
  /** Of the relay that has to be there, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** Time to connect, and for TLS, in milliseconds; default 5 s each. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * What is seen at the IP address `address`; `undefined` when `signal` broke it
 * off.
 */
export async function dialBack(
  address: string,
  { port, fingerprint, timeoutMs = DIAL_TIMEOUT_MS, signal }: DialBackOptions,
): Promise<CallbackOutcome | undefined> {
  try {
    const connection = await dialTls(address, port, {
      alpn: ["smp/1"],
      connectTimeoutMs: timeoutMs,
      handshakeTimeoutMs: timeoutMs,
      signal,
    });
    const chain = connection.peerCertificates;
    connection.abort();
    return checkChain(chain, fingerprint) === "valid"
      ? "reachable"
      : "wrong fingerprint";
  } catch (error) {
    return error instanceof TlsError ? outcomeOf(error) : undefined;
  }
}

function outcomeOf(error: TlsError): CallbackOutcome {
  switch (error.kind) {
    case "connect":
      return error.cause instanceof Deno.errors.ConnectionRefused
        ? "refused"
        : "unreachable";
    case "timeout":
      return "timeout";
    case "closed":
      return "closed";
    default:
      return "not TLS";
  }
}
