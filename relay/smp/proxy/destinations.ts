/**
 * The other relays that this one forwards to: one session each, shared by all
 * clients (simplexmq 6.5.5, `SMPClientAgent` in
 * `Simplex.Messaging.Client.Agent`).
 *
 * ```text
 *           PRXY               connected              closed by either end
 * (nothing) ───> connecting ─────────────> session ─────────> (nothing)
 *    ^               │ not in time, or for good
 *    └── error ──────┘
 *       memory
 * ```
 * More than the reference does: while connecting fails for what may be over in
 * a moment (no route, refused, reset), it is tried again for `retryMs`. A
 * destination that restarts is so back before its clients hear of it. Nothing
 * was sent to it yet, so nothing can be done twice. That is also the way of a
 * message whose session was lost: apps answer `NO_SESSION` with `PRXY`, since
 * what they encrypted for the old session nobody can read any more.
 *
 * @module
 */

import { randomBytes } from "../../crypto/mod.ts";
import { checkChain } from "../../identity/mod.ts";
import { bytesKey, toBase64Url, Writer } from "../../wire/mod.ts";
import { writeRelayAddress } from "../address.ts";
import { SmpClient } from "../client/mod.ts";
import type { RelayAddress } from "../commands.ts";
import type { SignedSessionKey } from "../messages.ts";
import { BLOCK_SIZE } from "../versions.ts";
import { Destination } from "./destination.ts";
import { connectError, DestinationError } from "./destination_error.ts";
import { dialRelay, goesThroughSocks } from "./dial.ts";
import type { DestinationOptions } from "./options.ts";
import { Places } from "./places.ts";

/**
 * How long connecting takes at most, with what is tried again, in
 * milliseconds: clients of the reference wait 25 s for `PRXY`.
 */
const CONNECT_TIMEOUT_MS = 14_000;
/** The same through a SOCKS5 proxy: circuits to onion hosts take their time. */
const SOCKS_CONNECT_TIMEOUT_MS = 24_000;

/** Pauses between attempts, in milliseconds: doubled each time. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2000;

/** Relays that are being connected at a time; the others wait for their turn. */
const MAX_CONNECTING = 256;

/** How long a relay may take to answer (`tcpTimeout` in the background). */
const RESPONSE_TIMEOUT_MS = 30_000;

/** Default of {@link DestinationOptions.silenceMs}. */
const SILENCE_MS = 5000;

/** Largest certificates and key that still fit in `PKEY`, in bytes. */
const MAX_SIGNED_KEY = 12_000;

/** Bytes of one message on its way out. */
const MESSAGE_OUTPUT = BLOCK_SIZE + 64;

type Entry =
  | { readonly state: "connecting"; readonly result: Promise<Destination> }
  | { readonly state: "connected"; readonly destination: Destination }
  | {
    readonly state: "failed";
    readonly error: DestinationError;
    readonly until: number;
  };

/** Sessions with other relays. */
export class Destinations implements AsyncDisposable {
  readonly #options: DestinationOptions;
  /** By address; the one that was wanted last is the last. */
  readonly #entries = new Map<string, Entry>();
  readonly #sessions = new Map<string, Destination>();
  readonly #connecting = new Places(MAX_CONNECTING);
  readonly #stopped = new AbortController();
  readonly #closing = new Set<Promise<void>>();
  readonly #sweeper: ReturnType<typeof setInterval>;
  /** Random at each start: what Tor keeps circuits apart by. */
  readonly #isolation = toBase64Url(randomBytes(24));

  constructor(options: DestinationOptions) {
    this.#options = options;
    const interval = Math.min(options.idleAfterMs / 2, 60_000);
    this.#sweeper = setInterval(() => this.#sweep(), interval);
  }

  /** Relays that are connected. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The relay if it is connected, or the error that still stands. */
  ready(relay: RelayAddress): Destination | DestinationError | undefined {
    const name = nameOf(relay);
    const entry = this.#entries.get(name);
    switch (entry?.state) {
      case "connected":
        this.#entries.delete(name);
        this.#entries.set(name, entry);
        return entry.destination;
      case "failed":
        if (performance.now() < entry.until) return entry.error;
        this.#entries.delete(name);
    }
    return undefined;
  }

  /**
   * The relay, connected; who wants it meanwhile waits for the same attempt.
   *
   * @throws {DestinationError} when it cannot be, for everybody alike
   */
  connect(relay: RelayAddress): Promise<Destination> {
    const ready = this.ready(relay);
    if (ready instanceof Destination) return Promise.resolve(ready);
    if (ready !== undefined) return Promise.reject(ready);
    const name = nameOf(relay);
    const entry = this.#entries.get(name);
    if (entry?.state === "connecting") return entry.result;
    if (this.#stopped.signal.aborted || !this.#makeRoom()) {
      return Promise.reject(new DestinationError({ type: "TIMEOUT" }));
    }
    const result = this.#connect(name, {
      ...relay,
      fingerprint: relay.fingerprint.slice(),
    });
    this.#entries.set(name, { state: "connecting", result });
    return result;
  }

  /** The relay with this session. */
  find(sessionId: Uint8Array): Destination | undefined {
    return this.#sessions.get(bytesKey(sessionId));
  }

  /** Whether a relay is one of the owner's (`isOwnServer`). */
  isOwn({ hosts }: RelayAddress): boolean {
    const [first] = hosts;
    return this.#options.ownDomains.some((domain) =>
      first === domain || first.endsWith(`.${domain}`)
    );
  }

  /** Closes all connections. */
  async stop(): Promise<void> {
    this.#stopped.abort(new DestinationError({ type: "NETWORK" }));
    clearInterval(this.#sweeper);
    this.#connecting.close();
    const entries = [...this.#entries.values()];
    for (const entry of entries) {
      if (entry.state === "connecting") {
        await entry.result.then((each) => each.close(), () => undefined);
      }
    }
    for (const destination of this.#sessions.values()) this.#close(destination);
    await Promise.all(this.#closing);
    this.#entries.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #connect(name: string, relay: RelayAddress): Promise<Destination> {
    try {
      const destination = await this.#attempts(relay);
      this.#entries.delete(name);
      this.#entries.set(name, { state: "connected", destination });
      this.#sessions.set(destination.sessionName, destination);
      const ended = destination.ended.then(() => {
        this.#sessions.delete(destination.sessionName);
        const entry = this.#entries.get(name);
        if (
          entry?.state === "connected" && entry.destination === destination
        ) this.#entries.delete(name);
        this.#closing.delete(ended);
      });
      this.#closing.add(ended);
      return destination;
    } catch (cause) {
      const error = connectError(cause);
      const { errorMemoryMs } = this.#options;
      this.#entries.delete(name);
      // A lack of places here says nothing about the relay.
      if (errorMemoryMs > 0 && error.broker.type !== "TIMEOUT") {
        const until = performance.now() + errorMemoryMs;
        this.#entries.set(name, { state: "failed", error, until });
      }
      throw error;
    }
  }

  /** Tries again while that may help. */
  async #attempts(relay: RelayAddress): Promise<Destination> {
    const limit = goesThroughSocks(relay, this.#options)
      ? SOCKS_CONNECT_TIMEOUT_MS
      : CONNECT_TIMEOUT_MS;
    if (!await this.#connecting.wait(limit)) {
      throw new DestinationError({ type: "TIMEOUT" });
    }
    const { retryMs } = this.#options;
    const timeout = new AbortController();
    const timer = setTimeout(
      () => timeout.abort(new DestinationError({ type: "NETWORK" })),
      limit,
    );
    const signal = AbortSignal.any([timeout.signal, this.#stopped.signal]);
    const end = performance.now() + retryMs;
    try {
      for (let pause = FIRST_PAUSE_MS;; pause *= 2) {
        try {
          return await this.#attempt(relay, signal);
        } catch (cause) {
          const error = connectError(cause);
          const wait = Math.min(pause, LONGEST_PAUSE_MS);
          if (!error.momentary || performance.now() + wait > end) throw error;
          await sleep(wait, signal);
        }
      }
    } finally {
      clearTimeout(timer);
      this.#connecting.give();
    }
  }

  async #attempt(
    relay: RelayAddress,
    signal: AbortSignal,
  ): Promise<Destination> {
    signal.throwIfAborted();
    const { versions, destinationConcurrency } = this.#options;
    const { fingerprint } = relay;
    const connection = await withSignal(
      signal,
      dialRelay(relay, this.#options, {
        signal,
        isolation: this.#isolation,
        maxBuffered: (destinationConcurrency + 1) * MESSAGE_OUTPUT,
      }),
    );
    const abort = () => connection.abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (checkChain(connection.peerCertificates, fingerprint) !== "valid") {
        connection.abort();
        // As the reference, whose TLS does not come about then.
        throw new DestinationError({ type: "NETWORK" });
      }
      const client = await SmpClient.start(connection, {
        fingerprint,
        versions,
        proxyServer: true,
        timeoutMs: RESPONSE_TIMEOUT_MS,
      });
      const { signedRelayKey } = client.session;
      if (
        signal.aborted ||
        signedRelayKey !== undefined && sizeOf(signedRelayKey) > MAX_SIGNED_KEY
      ) {
        await client.close();
        signal.throwIfAborted();
        throw new DestinationError({
          type: "TRANSPORT",
          error: { type: "HANDSHAKE", reason: "PARSE" },
        });
      }
      return new Destination(client, {
        own: this.isOwn(relay),
        concurrency: destinationConcurrency,
        silenceMs: this.#options.silenceMs ?? SILENCE_MS,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Room for one more relay, at the cost of the one that is missed least. */
  #makeRoom(): boolean {
    if (this.#entries.size < this.#options.destinations) return true;
    for (const [name, entry] of this.#entries) {
      if (
        entry.state === "failed" ||
        entry.state === "connected" && entry.destination.idle
      ) {
        this.#entries.delete(name);
        if (entry.state === "connected") this.#close(entry.destination);
        return true;
      }
    }
    return false;
  }

  #sweep(): void {
    const now = performance.now();
    const before = now - this.#options.idleAfterMs;
    for (const [name, entry] of this.#entries) {
      if (entry.state === "failed" && entry.until <= now) {
        this.#entries.delete(name);
      } else if (entry.state === "connected") {
        const { destination } = entry;
        if (destination.idle && destination.lastUsed < before) {
          this.#entries.delete(name);
          this.#close(destination);
        }
      }
    }
  }

  #close(destination: Destination): void {
    // From now on nobody finds it, so nothing is sent while it closes.
    this.#sessions.delete(destination.sessionName);
    const closed = destination.close().finally(() => {
      this.#closing.delete(closed);
    });
    this.#closing.add(closed);
  }
}

/** Addresses that differ in anything are different relays, as in the reference. */
function nameOf(relay: RelayAddress): string {
  const writer = new Writer(128);
  writeRelayAddress(writer, relay);
  return bytesKey(writer.finish());
}

function sizeOf({ chain, signedKey }: SignedSessionKey): number {
  return chain.reduce((sum, each) => sum + each.length, signedKey.length);
}

/** Rejects as soon as the signal aborts: name resolution cannot be stopped. */
function withSignal<T extends { abort(): void }>(
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      promise.then((late) => late.abort(), () => undefined);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", onAbort);
    });
  });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
