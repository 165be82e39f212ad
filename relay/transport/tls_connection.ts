/**
 * A {@link Connection} over any byte stream, from its handshake to its end.
 *
 * Which buffer it waits for its next bytes with is up to `read_buffers.ts`; an
 * idle connection holds a few bytes.
 *
 * @module
 */

import { BufferPool, OutputQueue } from "./buffers.ts";
import type { Connection } from "./connection.ts";
import type { TlsEngine, TlsSession } from "./engine.ts";
import { LARGE_READ, ReadBuffers, takeLargeBuffer } from "./read_buffers.ts";
import type { ByteStream } from "./stream.ts";
import { TlsError } from "./tls_error.ts";

/** Default bound of the output a peer has not taken. */
export const DEFAULT_MAX_BUFFERED = 1024 * 1024;
/** Default time a peer may leave a large output untouched. */
export const DEFAULT_STALL_TIMEOUT_MS = 60_000;
/** Default time for output that waits at {@link Connection.close}. */
export const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;
/** Time for the peer to close as well, once it has taken everything. */
const FAREWELL_MS = 500;

/** Room for the plaintext of a record begun before and of one large read. */
const PLAINTEXT = 17 * 1024 + LARGE_READ;

/** With less output than this, a peer that takes none is left to TCP. */
const STALL_BYTES = 64 * 1024;

const plaintextPool = new BufferPool(PLAINTEXT, 64);
const NOTHING = new Uint8Array(0);

/** Bounds of one connection. */
export interface ConnectionLimits {
  /**
   * A `write` while more bytes than this wait for the peer closes the
   * connection; default 1 MiB. So the bound in memory is this and one `write`.
   */
  readonly maxBuffered?: number;
  /**
   * How long a peer may take nothing while more than 64 KiB wait for it, in
   * milliseconds; default 60 s.
   */
  readonly stallTimeoutMs?: number;
  /**
   * How long {@link Connection.close} waits for the peer to take its output;
   * default 5 s, as in the reference. Half a second more goes to the farewell.
   */
  readonly closeTimeoutMs?: number;
}

/** TLS over a {@link ByteStream}, after the handshake. */
export class TlsConnection implements Connection {
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
  readonly sessionId: Uint8Array;
  readonly peerCertificates: readonly Uint8Array[];
  readonly version: TlsSession["version"];

  readonly #engine: TlsEngine;
  readonly #stream: ByteStream;
  readonly #limits: Required<ConnectionLimits>;
  #onClosed: (() => void) | undefined;

  readonly #output = new OutputQueue();
  #flushing = false;
  #drainWaiters: { limit: number; resolve: () => void }[] = [];
  #stallTimer: ReturnType<typeof setTimeout> | undefined;

  /** Plaintext that was decrypted and not read yet: a part of `#held`. */
  #rest: Uint8Array<ArrayBuffer> = NOTHING;
  #held: Uint8Array<ArrayBuffer> | undefined;
  readonly #readBuffers = new ReadBuffers();
  #reading = false;
  #readDone: (() => void) | undefined;
  #ended = false;

  #state: "open" | "closing" | "closed" = "open";
  #closePromise: Promise<void> | undefined;
  #reason: TlsError | undefined;
  #abortController: AbortController | undefined;

  /**
   * @param early ciphertext that came together with the end of the handshake.
   * @param options.onClosed called once, when the connection is closed.
   */
  constructor(
    parts: {
      engine: TlsEngine;
      stream: ByteStream;
      session: TlsSession;
      early: Uint8Array<ArrayBuffer>;
    },
    options: ConnectionLimits & { onClosed?: () => void } = {},
  ) {
    this.#engine = parts.engine;
    this.#stream = parts.stream;
    this.alpn = parts.session.alpn;
    this.serverName = parts.session.serverName;
    this.sessionId = parts.session.sessionId;
    this.peerCertificates = parts.session.peerCertificates;
    this.version = parts.session.version;
    this.#limits = {
      maxBuffered: options.maxBuffered ?? DEFAULT_MAX_BUFFERED,
      stallTimeoutMs: options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS,
      closeTimeoutMs: options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS,
    };
    // Throws when a record is broken: then there is no connection to close,
    // and nobody is told of the end of one.
    if (parts.early.length > 0) this.#decrypt(parts.early, NOTHING);
    this.#onClosed = options.onClosed;
  }

  get buffered(): number {
    return this.#state === "closed" ? 0 : this.#output.length;
  }

  get open(): boolean {
    return this.#state !== "closed";
  }

  get closed(): AbortSignal {
    if (this.#abortController === undefined) {
      this.#abortController = new AbortController();
      if (this.#state === "closed") this.#abortController.abort(this.#reason);
    }
    return this.#abortController.signal;
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#beginRead();
    try {
      if (this.#rest.length === 0) this.#releaseHeld();
      while (this.#rest.length === 0) {
        if (this.#ended || this.#state !== "open") return undefined;
        await this.#receive(NOTHING);
      }
      const view = this.#rest;
      this.#rest = NOTHING; // #held keeps it valid until the next read
      return view;
    } finally {
      this.#endRead();
    }
  }

  async readFull(buffer: Uint8Array<ArrayBuffer>): Promise<boolean> {
    this.#beginRead();
    try {
      let filled = Math.min(buffer.length, this.#rest.length);
      if (filled > 0) {
        buffer.set(this.#rest.subarray(0, filled));
        this.#rest = this.#rest.subarray(filled);
      }
      if (this.#rest.length === 0) this.#releaseHeld();
      while (filled < buffer.length) {
        if (this.#ended || this.#state !== "open") return false;
        filled += await this.#receive(
          filled === 0 ? buffer : buffer.subarray(filled),
        );
      }
      return true;
    } finally {
      this.#endRead();
    }
  }

  write(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    if (this.#output.length > this.#limits.maxBuffered) {
      this.#fail(notTaken());
      return;
    }
    try {
      this.#engine.encrypt(bytes, this.#output);
      this.#send();
    } catch (error) {
      this.#fail(error);
    }
  }

  drained(limit = 0): Promise<void> {
    if (this.#state === "closed" || this.#output.length <= limit) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#drainWaiters.push({ limit, resolve });
    });
  }

  close(): Promise<void> {
    return this.#closePromise ??= this.#close();
  }

  abort(): void {
    this.#fail(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #beginRead(): void {
    if (this.#reading) throw new Error("A read of this connection is pending");
    this.#reading = true;
  }

  #endRead(): void {
    this.#reading = false;
    this.#readDone?.();
  }

  /** One read of the stream; returns what it has put into `target`. */
  async #receive(target: Uint8Array<ArrayBuffer>): Promise<number> {
    const { bytes, release } = this.#readBuffers.take();
    let filled = 0;
    try {
      const count = await this.#stream.read(bytes);
      if (count === null) {
        this.#ended = true;
      } else if (this.#state === "open") {
        filled = this.#decrypt(bytes.subarray(0, count), target);
        const { midRecord } = this.#engine;
        this.#readBuffers.learn(count, { size: bytes.length, midRecord });
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      // The operation has ended, so nobody writes into the buffer any more.
      release();
    }
    return filled;
  }

  #decrypt(
    input: Uint8Array<ArrayBuffer>,
    target: Uint8Array<ArrayBuffer>,
  ): number {
    const before = this.#output.length;
    try {
      const { filled, over } = this.#engine.decrypt(
        input,
        this.#output,
        target,
        () => this.#held = plaintextPool.take(),
      );
      if (this.#held !== undefined) {
        this.#rest = this.#held.subarray(0, over);
        if (over === 0) this.#releaseHeld();
      }
      if (this.#engine.ended) this.#ended = true;
      // TLS answers by itself, to attempts to renegotiate for example.
      const { length } = this.#output;
      if (length > before && length > this.#limits.maxBuffered) {
        throw notTaken();
      }
      return filled;
    } finally {
      this.#send(); // an alert as well, before the connection is closed
    }
  }

  #releaseHeld(): void {
    if (this.#held === undefined) return;
    plaintextPool.give(this.#held);
    this.#held = undefined;
    this.#rest = NOTHING;
  }

  #send(): void {
    if (!this.#flushing && this.#output.length > 0) void this.#flush();
  }

  /** Writes the queue to the stream until it is empty. */
  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      while (this.#output.length > 0 && this.#state !== "closed") {
        this.#watchStall();
        const count = await this.#stream.write(this.#output.head());
        this.#output.consume(count);
        this.#tellDrained();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#flushing = false;
      clearTimeout(this.#stallTimer);
      this.#stallTimer = undefined;
      if (this.#state === "closed") this.#output.clear();
    }
  }

  /** Gives up when nothing is taken for a while; restarted by progress. */
  #watchStall(): void {
    if (this.#output.length <= STALL_BYTES) return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      this.#fail(notTaken());
    }, this.#limits.stallTimeoutMs);
  }

  #tellDrained(): void {
    if (this.#drainWaiters.length === 0) return;
    const length = this.#state === "closed" ? 0 : this.#output.length;
    const waiting = this.#drainWaiters;
    this.#drainWaiters = waiting.filter(({ limit }) => limit < length);
    for (const { limit, resolve } of waiting) if (limit >= length) resolve();
  }

  async #close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closing";
    this.#engine.shutdown(this.#output);
    this.#send();
    const failAfter = (ms: number) =>
      setTimeout(() => this.#fail(undefined), ms);
    let timer = failAfter(this.#limits.closeTimeoutMs);
    try {
      await this.drained();
      clearTimeout(timer);
      timer = failAfter(FAREWELL_MS);
      await this.#stream.closeWrite?.();
      await this.#awaitPeersEnd();
    } catch {
      // The peer was faster; the connection is closed below in any case.
    } finally {
      clearTimeout(timer);
      this.#fail(undefined);
    }
  }

  /**
   * Discards input until the peer has closed. A socket closed with input
   * unread sends a reset, which may overtake the last output.
   */
  async #awaitPeersEnd(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#reading) {
      this.#readDone = resolve;
      await promise;
    }
    const { bytes, release } = takeLargeBuffer();
    try {
      while (!this.#ended && !this.#isClosed()) {
        if (await this.#stream.read(bytes) === null) break;
      }
    } finally {
      release();
    }
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Closes at once; `cause` is undefined when this end wanted it. */
  #fail(cause: unknown): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#ended = true;
    this.#reason = cause === undefined || cause instanceof TlsError
      ? cause
      : new TlsError("closed", "The connection broke", { cause });
    this.#engine.free();
    clearTimeout(this.#stallTimer);
    try {
      this.#stream.close();
    } catch {
      // It was closed by the other side of the program; that is the aim.
    }
    // Otherwise #flush does it: the stream still holds the first chunk.
    if (!this.#flushing) this.#output.clear();
    this.#tellDrained();
    this.#abortController?.abort(this.#reason);
    this.#onClosed?.();
  }
}

function notTaken(): TlsError {
  return new TlsError("timeout", "The peer does not take its output");
}
