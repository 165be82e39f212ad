/**
 * Answers call-back requests: dials the asker and says what it saw.
 *
 * @module
 */

import { formatAddress, isPublic, parseAddress } from "../nat/mod.ts";
import type { Connection } from "../relay/transport/mod.ts";
import { dialBack } from "./dial_back.ts";
import { readMessage } from "./frame.ts";
import {
  type CallbackOutcome,
  type CallbackRequest,
  decodeRequest,
  encodeAnswer,
  MAX_REQUEST,
  provenFingerprint,
} from "./protocol.ts";
import { AddressLimit, networkOf } from "./rate_limit.ts";

/** Call-backs under way at a time. */
const MAX_DIALS = 8;
/** Connections at a time. */
const MAX_SERVING = 64;
/** Of these from one network: nobody alone keeps all others out. */
const MAX_SERVING_EACH = 4;
/** Time for the request to arrive, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * No relay is there, and a stranger who knocks makes an owner suspicious: SSH,
 * Telnet, mail, Windows shares, remote desktops.
 */
const PORTS_NOT_DIALLED: ReadonlySet<number> = new Set([
  22,
  23,
  25,
  135,
  139,
  445,
  465,
  587,
  3389,
]);

/** What an answerer is made of. */
export interface AnswererOptions {
  /** The answerer's own fingerprint, 32 bytes. */
  readonly fingerprint: Uint8Array;
  /**
   * Also call back into private networks and to this machine: for tests. There
   * a stranger could be a proxy on this machine, with everything behind it.
   */
  readonly allowLocal?: boolean;
  /** Time to connect, and for TLS, in milliseconds; default 5 s each. */
  readonly dialTimeoutMs?: number;
}

/** Numbers of an answerer since it was made. */
export interface AnswererCounts {
  readonly answered: number;
  readonly reachable: number;
}

/** Serves connections with the ALPN of call-backs. */
export class CallbackAnswerer implements AsyncDisposable {
  readonly #options: AnswererOptions;
  readonly #limit = new AddressLimit();
  readonly #stopping = new AbortController();
  readonly #dials = new Set<Promise<unknown>>();
  #serving = 0;
  /** Connections now, by network. */
  readonly #servingEach = new Map<string, number>();
  #answered = 0;
  #reachable = 0;

  constructor(options: AnswererOptions) {
    this.#options = options;
  }

  /** What it has done. */
  get counts(): AnswererCounts {
    return { answered: this.#answered, reachable: this.#reachable };
  }

  /**
   * Answers one request of a connection from the IP address `peer`. Never
   * rejects; whoever calls closes the connection.
   */
  async serve(connection: Connection, peer: string): Promise<void> {
    const observed = parseAddress(plain(peer));
    if (observed === undefined || this.#serving >= MAX_SERVING) return;
    const network = networkOf(observed).toHex();
    const each = this.#servingEach.get(network) ?? 0;
    if (each >= MAX_SERVING_EACH) return;
    this.#serving++;
    this.#servingEach.set(network, each + 1);
    try {
      const body = await readMessage(connection, {
        max: MAX_REQUEST,
        timeoutMs: REQUEST_TIMEOUT_MS,
      });
      const request = body && decodeRequest(body);
      if (request === undefined || this.#stopping.signal.aborted) return;
      const { sessionId } = connection;
      const since = performance.now();
      const outcome = await this.#outcome(request, { observed, sessionId });
      if (outcome === undefined || !connection.open) return;
      this.#answered++;
      if (outcome === "reachable") this.#reachable++;
      const milliseconds = Math.round(performance.now() - since);
      connection.write(encodeAnswer({ outcome, observed, milliseconds }));
      await connection.drained();
    } finally {
      this.#serving--;
      const left = (this.#servingEach.get(network) ?? 1) - 1;
      if (left === 0) this.#servingEach.delete(network);
      else this.#servingEach.set(network, left);
    }
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#dials);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #outcome(
    request: CallbackRequest,
    { observed, sessionId }: { observed: Uint8Array; sessionId: Uint8Array },
  ): Promise<CallbackOutcome | undefined> {
    // Before the signatures, which cost most.
    if (!this.#limit.take(observed)) return "too often";
    const fingerprint = provenFingerprint(request, {
      answerer: this.#options.fingerprint,
      sessionId,
    });
    if (fingerprint === undefined) return "not proven";
    if (PORTS_NOT_DIALLED.has(request.port)) return "port not allowed";
    const address = formatAddress(observed);
    if (!this.#options.allowLocal && !isPublic(address)) return "not public";
    if (this.#dials.size >= MAX_DIALS) return "busy";
    const dial = this.#dial(address, { port: request.port, fingerprint });
    this.#dials.add(dial);
    try {
      return await dial;
    } finally {
      this.#dials.delete(dial);
    }
  }

  async #dial(
    address: string,
    { port, fingerprint }: { port: number; fingerprint: Uint8Array },
  ): Promise<CallbackOutcome | undefined> {
    return await dialBack(address, {
      port,
      fingerprint,
      timeoutMs: this.#options.dialTimeoutMs,
      signal: this.#stopping.signal,
    });
  }
}

/** IPv4 that comes over an IPv6 socket is IPv4. */
function plain(peer: string): string {
  const bytes = parseAddress(peer);
  return bytes === undefined ? peer : formatAddress(bytes);
}
