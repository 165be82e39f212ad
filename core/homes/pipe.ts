/**
 * Carries a visitor's bytes to a home and back.
 *
 * @module
 */

import { BufferPool } from "../../relay/transport/mod.ts";
import { MuxError, type MuxStream } from "../../tunnel/mux/mod.ts";
import type { RateLimit } from "./rate_limit.ts";

/** Reads while little comes, so that a visitor who is silent takes little. */
const SMALL_READ = 1024;
/** Reads while much comes. */
const LARGE_READ = 32 * 1024;
/** Visitors that may have a large buffer at a time: 16 MiB. */
const MAX_LARGE = 512;
/** Time for the other direction to end after one has, ms. */
const HALF_CLOSED_MS = 60_000;
/** Time in which a visitor has to take something of what was sent, ms. */
const STALLED_MS = 120_000;

const largePool = new BufferPool(LARGE_READ, 64);
let largeReaders = 0;

/** The visitor's end. */
export type VisitorSocket = Pick<
  Deno.TcpConn,
  "read" | "write" | "close" | "closeWrite"
>;

/** The home's end. */
export interface HomeStream {
  readonly stream: MuxStream;
  /** Says who comes. */
  readonly head: Uint8Array;
}

/** A visit under way. */
export class Pipe {
  /** Settles when both directions have ended or one broke. Never rejects. */
  readonly done: Promise<void>;
  readonly #visitor: VisitorSocket;
  readonly #stream: MuxStream;
  readonly #head: Uint8Array;
  readonly #rate: RateLimit;
  #halfTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #wakes = new Set<() => void>();
  #closed = false;

  /**
   * Begins to carry bytes both ways; owns both ends from now on.
   *
   * @param home the stream to the home, and what stands before the visitor's
   * bytes on it
   */
  constructor(visitor: VisitorSocket, home: HomeStream, rate: RateLimit) {
    this.#visitor = visitor;
    this.#stream = home.stream;
    this.#head = home.head;
    this.#rate = rate;
    this.done = this.#run();
  }

  /** Ends both directions at once. */
  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#halfTimer);
    for (const wake of this.#wakes) wake();
    this.#stream.close();
    try {
      this.#visitor.close();
    } catch {
      // It was closed before.
    }
  };

  async #run(): Promise<void> {
    const half = () => {
      if (!this.#closed) {
        this.#halfTimer ??= setTimeout(this.close, HALF_CLOSED_MS);
      }
    };
    await Promise.all([
      this.#inward().then(half, this.close),
      this.#outward().then(half, this.close),
    ]);
    this.close();
  }

  /** From the visitor to the home. */
  async #inward(): Promise<void> {
    // One write at a time: on a busy link the visitor's first bytes come before
    // this one has had its turn.
    await this.#stream.write(this.#head);
    const small = new Uint8Array(SMALL_READ);
    for (let much = false;;) {
      const large = much && largeReaders < MAX_LARGE;
      const buffer = large ? largePool.take() : small;
      if (large) largeReaders++;
      try {
        const size = await this.#visitor.read(buffer);
        if (size === null) break;
        much = size >= SMALL_READ;
        await this.#paced(size);
        await this.#stream.write(buffer.subarray(0, size));
      } finally {
        if (large) {
          largeReaders--;
          largePool.give(buffer);
        }
      }
    }
    await this.#stream.closeWrite();
  }

  /** From the home to the visitor. */
  async #outward(): Promise<void> {
    for (;;) {
      const piece = await this.#stream.next();
      if (piece === null) break;
      try {
        const { bytes } = piece;
        await this.#paced(bytes.length);
        await this.#send(bytes);
      } finally {
        piece.release();
      }
    }
    await this.#visitor.closeWrite();
  }

  async #send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const timer = setTimeout(this.close, STALLED_MS);
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#visitor.write(at === 0 ? bytes : bytes.subarray(at));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #paced(bytes: number): Promise<void> {
    const pause = this.#rate.take(bytes);
    if (pause > 0 && !this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakes.add(resolve);
      const timer = setTimeout(resolve, pause);
      await promise;
      clearTimeout(timer);
      this.#wakes.delete(resolve);
    }
    if (this.#closed) throw new MuxError("closed", "The visit has ended");
  }
}
