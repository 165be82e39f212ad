/**
 * A link: many streams over one TLS connection, fair to each other.
 *
 * Streams take turns of one frame, and only while little waits for the peer's
 * TCP, so that a new stream's first bytes never queue behind megabytes of
 * another's. A peer that reads nothing of one stream holds up that one alone:
 * its window ends, and what waits here is bounded by it.
 *
 * @module
 */

import type { Connection } from "../../relay/transport/connection.ts";
import { MuxError } from "./errors.ts";
import {
  Flag,
  type FrameHeader,
  FrameType,
  GoAwayCode,
  HEADER_SIZE,
  readHeader,
  SEND_PAYLOAD,
  writeHeader,
} from "./frames.ts";
import { KeepAlive } from "./keep_alive.ts";
import type { LinkOptions } from "./link_options.ts";
import type { MemoryHolder } from "./link_memory.ts";
import { WindowBudget } from "./receive_window.ts";
import { MuxStream, type StreamLink } from "./stream.ts";

const DEFAULT_MAX_STREAMS = 1000;
const DEFAULT_WINDOW_BUDGET = 16 * 1024 * 1024;
const DEFAULT_MAX_UNREAD = 16 * 1024 * 1024;

/** Bytes that may wait for the peer's TCP before streams wait for their turn. */
const OUTPUT_LIMIT = 256 * 1024;
/** After so many streams a link has served its time. */
const MAX_STREAM_ID = 0x7fff_fff0;

/** A data frame whose payload has not come completely. */
interface Incoming {
  readonly header: FrameHeader;
  /** `undefined`: it ended here, and the bytes are thrown away. */
  readonly stream: MuxStream | undefined;
  left: number;
}

/** Frames are put together here; sending encrypts at once. */
const scratch = new Uint8Array(HEADER_SIZE + SEND_PAYLOAD);

/** Many streams over one connection, which it owns. */
export class Link implements StreamLink, MemoryHolder, AsyncDisposable {
  readonly budget: WindowBudget;
  /** Settles when the link is over and its streams have ended. */
  readonly ended: Promise<void>;
  readonly #connection: Connection;
  readonly #options: LinkOptions;
  readonly #maxStreams: number;
  readonly #maxUnread: number;
  readonly #keepAlive: KeepAlive;
  readonly #streams = new Map<number, MuxStream>();
  /** Streams that wait for their turn to send, in order. */
  readonly #turns: MuxStream[] = [];
  #sending = false;
  /** A header that came in parts. */
  readonly #head = new Uint8Array(HEADER_SIZE);
  #headFilled = 0;
  #incoming: Incoming | undefined;
  #nextId: number;
  #lastPeerId = 0;
  #unread = 0;
  #error: MuxError | undefined;
  /** The peer, or this side, wants no more streams. */
  #leaving = false;
  #drained: (() => void) | undefined;

  constructor(connection: Connection, options: LinkOptions) {
    this.#connection = connection;
    this.#options = options;
    this.budget = new WindowBudget(
      options.windowBudget ?? DEFAULT_WINDOW_BUDGET,
    );
    this.#maxStreams = options.maxStreams ?? DEFAULT_MAX_STREAMS;
    this.#maxUnread = options.maxUnread ?? DEFAULT_MAX_UNREAD;
    this.#nextId = options.role === "client" ? 1 : 2;
    this.#keepAlive = new KeepAlive({
      pingMs: options.pingMs,
      deadMs: options.deadMs,
      send: (value) => this.send(FrameType.ping, Flag.syn, 0, value),
      onDead: () => this.#end(deadError()),
    });
    options.memory?.add(this);
    this.#keepAlive.start();
    this.ended = this.#run();
  }

  /** Whether streams can be opened. */
  get open(): boolean {
    return this.#error === undefined && !this.#leaving &&
      this.#connection.open;
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Memory of what waits unread, bytes. */
  get unread(): number {
    return this.#unread;
  }

  get scarce(): boolean {
    return this.#unread > this.#maxUnread / 2;
  }

  /** Round trip time of the last ping, ms. */
  get rttMs(): number {
    return this.#keepAlive.rttMs;
  }

  /** Why the link is over, if it is. */
  get error(): MuxError | undefined {
    return this.#error;
  }

  now(): number {
    return performance.now();
  }

  /**
   * Opens a stream; the peer learns of it with its first bytes, or at once when
   * `announce` is set.
   *
   * @throws {MuxError}
   */
  openStream({ announce = false } = {}): MuxStream {
    if (this.#error !== undefined) throw this.#error;
    const full = this.#streams.size >= this.#maxStreams ||
      this.#nextId > MAX_STREAM_ID;
    if (!this.open || full) {
      throw new MuxError("refused", "The link takes no more streams");
    }
    const stream = new MuxStream(this, this.#nextId, { own: true });
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    if (announce) stream.announce();
    return stream;
  }

  /**
   * Finds out whether the peer is still there: rejects, and ends the link, when
   * it has not answered in time.
   *
   * @throws {MuxError} `dead`, or why the link ended meanwhile
   */
  async probe(timeoutMs: number): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const answer = this.#keepAlive.ask();
    const timer = setTimeout(() => this.#end(deadError()), timeoutMs);
    await answer;
    clearTimeout(timer);
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * Takes no new streams, waits until those that are open have ended, at most
   * `deadlineMs`, then closes.
   */
  async drain(deadlineMs: number): Promise<void> {
    if (this.#error === undefined) {
      this.leave();
      if (this.#streams.size > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#drained = resolve;
        const timer = setTimeout(resolve, deadlineMs);
        await promise;
        clearTimeout(timer);
      }
    }
    await this.close();
  }

  /** Takes no new streams, and tells the peer to open none. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#sendGoAway(GoAwayCode.normal);
  }

  /** Ends the link and its streams. */
  async close(): Promise<void> {
    if (this.#error === undefined) {
      this.leave();
      this.#fail(new MuxError("closed", "This link was closed"));
      await this.#connection.close();
    }
    await this.ended;
  }

  /** Ends the link at once, without a word to the peer. */
  abort(): void {
    this.#end(new MuxError("closed", "This link was closed"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  queue(stream: MuxStream): void {
    this.#turns.push(stream);
    if (!this.#sending) this.#sendOn();
  }

  send(
    type: number,
    flags: number,
    streamId: number,
    body: number | Uint8Array,
  ): void {
    if (this.#error !== undefined) return;
    const isData = typeof body !== "number";
    const length = isData ? body.length : body;
    writeHeader(scratch, { type, flags, streamId, length });
    if (isData) scratch.set(body, HEADER_SIZE);
    this.#connection.write(
      scratch.subarray(0, HEADER_SIZE + (isData ? length : 0)),
    );
  }

  hold(bytes: number): void {
    this.#unread += bytes;
    this.#options.memory?.hold(bytes);
  }

  /** All together hold too much: who holds most is not being read. */
  breakLargest(): void {
    let largest: MuxStream | undefined;
    for (const stream of this.#streams.values()) {
      if (stream.memory > (largest?.memory ?? 0)) largest = stream;
    }
    largest?.close();
  }

  forget(stream: MuxStream): void {
    if (!this.#streams.delete(stream.id)) return;
    if (this.#streams.size === 0) this.#drained?.();
  }

  /** Gives streams their turns while the connection takes what they send. */
  #sendOn(): void {
    this.#sending = true;
    while (this.#turns.length > 0 && this.#error === undefined) {
      if (this.#connection.buffered > OUTPUT_LIMIT) {
        void this.#connection.drained(OUTPUT_LIMIT / 2).then(() =>
          this.#sendOn()
        );
        return;
      }
      this.#turns.shift()?.sendTurn();
    }
    this.#sending = false;
  }

  /** Reads frames until the link ends. Never rejects. */
  async #run(): Promise<void> {
    try {
      while (this.#error === undefined) {
        const view = await this.#connection.read();
        if (view === undefined) {
          this.#fail(new MuxError("lost", "The peer closed the link"));
          break;
        }
        this.#keepAlive.heard();
        this.#take(view);
      }
    } catch (cause) {
      this.#fail(new MuxError("lost", "The link broke", { cause }));
    }
    await this.#connection.close();
  }

  /** Takes bytes of any number of frames. */
  #take(view: Uint8Array): void {
    for (let at = 0; at < view.length && this.#error === undefined;) {
      at += this.#incoming === undefined
        ? this.#takeHeader(view, at)
        : this.#takePayload(this.#incoming, view, at);
    }
  }

  /** Returns how many bytes it has taken. */
  #takeHeader(view: Uint8Array, at: number): number {
    let header: FrameHeader | undefined;
    let size = HEADER_SIZE;
    if (this.#headFilled === 0 && view.length - at >= HEADER_SIZE) {
      header = readHeader(view, at);
    } else {
      size = Math.min(HEADER_SIZE - this.#headFilled, view.length - at);
      this.#head.set(view.subarray(at, at + size), this.#headFilled);
      this.#headFilled += size;
      if (this.#headFilled < HEADER_SIZE) return size;
      this.#headFilled = 0;
      header = readHeader(this.#head);
    }
    if (header === undefined) this.#violated("A frame is malformed");
    else this.#onHeader(header);
    return size;
  }

  #onHeader(header: FrameHeader): void {
    const { type, flags, streamId, length } = header;
    if (type === FrameType.ping) return this.#onPing(header);
    if (type === FrameType.goAway) {
      this.#leaving = true;
      return;
    }
    // One that is not there has ended here; the peer did not know yet.
    const stream = flags & Flag.syn
      ? this.#accept(streamId)
      : this.#streams.get(streamId);
    if (this.#error !== undefined) return;
    if (type === FrameType.data && length > 0) {
      this.#incoming = { header, stream, left: length };
      return;
    }
    if (type === FrameType.window && stream?.addCredit(length) === false) {
      this.#violated("The peer gave more room than there can be");
      return;
    }
    this.#onFlags(header, stream);
  }

  #takePayload(incoming: Incoming, view: Uint8Array, at: number): number {
    const { header, stream, left } = incoming;
    const size = Math.min(left, view.length - at);
    if (stream !== undefined && !stream.over) {
      if (!stream.receive(view.subarray(at, at + size))) {
        this.#violated("The peer sent more than it had room for");
        return size;
      }
      if (this.#unread > this.#maxUnread) this.breakLargest();
      this.#options.memory?.relieve();
    }
    incoming.left -= size;
    if (incoming.left === 0) {
      this.#incoming = undefined;
      this.#onFlags(header, stream);
    }
    return size;
  }

  #onFlags({ flags }: FrameHeader, stream: MuxStream | undefined): void {
    if (flags & Flag.rst) {
      stream?.fail(new MuxError("reset", "The peer broke the stream off"));
    } else if (flags & Flag.fin) stream?.end();
  }

  #accept(streamId: number): MuxStream | undefined {
    const odd = streamId % 2 === 1;
    const peersTurn = odd === (this.#options.role === "server");
    if (!peersTurn || streamId <= this.#lastPeerId) {
      this.#violated("The peer opened a stream that cannot be");
      return undefined;
    }
    this.#lastPeerId = streamId;
    const { onStream } = this.#options;
    const full = this.#streams.size >= this.#maxStreams || this.#leaving;
    if (onStream === undefined || full) {
      this.send(FrameType.window, Flag.rst, streamId, 0);
      return undefined;
    }
    const stream = new MuxStream(this, streamId, { own: false });
    this.#streams.set(streamId, stream);
    onStream(stream);
    return stream;
  }

  #onPing({ flags, length }: FrameHeader): void {
    if (flags & Flag.syn) this.send(FrameType.ping, Flag.ack, 0, length);
    else this.#keepAlive.answered(length);
  }

  #sendGoAway(code: number): void {
    this.send(FrameType.goAway, 0, 0, code);
  }

  #violated(message: string): void {
    this.#sendGoAway(GoAwayCode.protocol);
    this.#end(new MuxError("protocol", message));
  }

  #end(error: MuxError): void {
    if (this.#error !== undefined) return;
    this.#fail(error);
    this.#connection.abort();
  }

  #fail(error: MuxError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#keepAlive.stop();
    this.#options.memory?.delete(this);
    this.#turns.length = 0;
    for (const stream of [...this.#streams.values()]) stream.fail(error);
    this.#drained?.();
  }
}

function deadError(): MuxError {
  return new MuxError("dead", "The peer does not answer any more");
}
