/**
 * One stream: its body in both directions, and how it ends.
 *
 * @module
 */

import { BodyQueue } from "./body_queue.ts";
import { closedError, Http2Code, Http2Error } from "./errors.ts";
import type { MessageFields } from "./fields.ts";
import { ReceiveWindow, SendWindow } from "./flow_control.ts";
import { Flag, FrameType, putFrameHeader } from "./frames.ts";
import type { Sender } from "./output.ts";
import { DEFAULT_WINDOW } from "./settings.ts";
import type { HeaderField, Http2Limits, Http2Stream } from "./stream.ts";

/** What a stream needs of its session. */
export interface StreamHost {
  readonly limits: Http2Limits;
  /** Sends HEADERS. */
  sendHeaders(
    streamId: number,
    fields: readonly HeaderField[],
    end: boolean,
  ): void;
  /** Sends the end of a body, without bytes. */
  sendEnd(streamId: number): void;
  sendReset(streamId: number, code: number): void;
  /** Tells the peer of more room for the stream. */
  sendWindow(streamId: number, increment: number): void;
  /** Lets the stream send. */
  wantsToSend(stream: Exchange): void;
  /** Bytes that came for the stream are gone. */
  consumed(bytes: number): void;
  /** The stream is over; `well`: it was not broken off. */
  over(stream: Exchange, well: boolean): void;
}

/**
 * Streams of all sessions whose windows may be large at a time: the memory for
 * what comes and cannot be written yet is bounded by this. The others are no
 * slower where the peer is near.
 */
const MOST_GROWN = 24;
let grownStreams = 0;

interface Write {
  readonly bytes: Uint8Array;
  readonly end: boolean;
  readonly done: PromiseWithResolvers<void>;
  at: number;
}

/** A stream of a session. */
export class Exchange implements Http2Stream, Sender {
  readonly id: number;
  readonly sendWindow: SendWindow;
  readonly receiveWindow = new ReceiveWindow(DEFAULT_WINDOW);
  readonly #host: StreamHost;
  readonly #closed = Promise.withResolvers<void>();
  readonly #body = new BodyQueue();
  #message: MessageFields | undefined;
  #failure: Http2Error | undefined;
  #over = false;
  #localEnded = false;
  #remoteEnded = false;
  /** What came is not wanted any more. */
  #dropped = false;
  #received = 0;
  /** Its window is larger than that of a new stream. */
  #grown = false;
  #headerWaiter: PromiseWithResolvers<void> | undefined;
  #bodyWaiter: PromiseWithResolvers<void> | undefined;
  #write: Write | undefined;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #progressed = false;

  /** @param options.window what the peer takes of a new stream, bytes. */
  constructor(host: StreamHost, options: { id: number; window: number }) {
    this.#host = host;
    this.id = options.id;
    this.sendWindow = new SendWindow(options.window);
  }

  get open(): boolean {
    return !this.#over;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Whether the peer's fields are there. */
  get begun(): boolean {
    return this.#message !== undefined;
  }

  /** Whether the peer has ended its direction. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  get sendable(): number {
    const write = this.#write;
    if (write === undefined) return 0;
    return Math.min(write.bytes.length - write.at, this.sendWindow.available);
  }

  async headers(): Promise<readonly HeaderField[]> {
    for (;;) {
      if (this.#message !== undefined) return this.#message.fields;
      if (this.#failure !== undefined) throw this.#failure;
      await (this.#headerWaiter ??= Promise.withResolvers()).promise;
    }
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#bodyWaiter) throw new Error("A read of this stream is pending");
    this.#giveRoom(this.#body.release());
    for (;;) {
      const bytes = this.#body.take();
      if (bytes !== undefined) return bytes;
      if (this.#remoteEnded && !this.#dropped) return undefined;
      if (this.#failure !== undefined || this.#dropped) {
        throw this.#failure ?? closedError();
      }
      this.#growWindow();
      this.#bodyWaiter = Promise.withResolvers();
      await this.#bodyWaiter.promise;
    }
  }

  sendHeaders(
    fields: readonly HeaderField[],
    options: { readonly end?: boolean } = {},
  ): void {
    this.#checkSending();
    const end = options.end ?? false;
    this.#host.sendHeaders(this.id, fields, end);
    if (end) this.#endLocal();
  }

  write(
    bytes: Uint8Array,
    options: { readonly end?: boolean } = {},
  ): Promise<void> {
    try {
      this.#checkSending();
    } catch (error) {
      return Promise.reject(error);
    }
    const end = options.end ?? false;
    if (bytes.length === 0) {
      if (end) {
        this.#host.sendEnd(this.id);
        this.#endLocal();
      }
      return Promise.resolve();
    }
    const done = Promise.withResolvers<void>();
    this.#write = { bytes, end, done, at: 0 };
    this.#host.wantsToSend(this);
    if (this.#write !== undefined) this.#watchStall();
    return done.promise;
  }

  putFrame(target: Uint8Array, at: number, room: number): number {
    const write = this.#write;
    if (write === undefined) return 0;
    const length = Math.min(room, this.sendable);
    const next = write.at + length;
    const last = next === write.bytes.length;
    putFrameHeader(target, at, {
      length,
      type: FrameType.DATA,
      flags: last && write.end ? Flag.END_STREAM : 0,
      streamId: this.id,
    });
    target.set(write.bytes.subarray(write.at, next), at + 9);
    write.at = next;
    this.sendWindow.take(length);
    this.#progressed = true;
    if (last) {
      this.#write = undefined;
      clearTimeout(this.#stallTimer);
      write.done.resolve();
      if (write.end) this.#endLocal();
    }
    return length;
  }

  reset(code: number): void {
    const error = new Http2Error("reset", "The stream was reset here", {
      code,
    });
    this.#resetHere(error);
  }

  /** Resets it because the peer broke a rule that concerns the stream alone. */
  violated(code: number): void {
    this.#resetHere(
      new Http2Error("protocol", "The peer broke a rule of HTTP/2", { code }),
    );
  }

  /** The peer's fields are there. */
  receiveMessage(message: MessageFields): void {
    this.#message = message;
    this.#headerWaiter?.resolve();
    this.#headerWaiter = undefined;
  }

  /** Bytes of the body, which the windows have room for. */
  receive(bytes: Uint8Array): void {
    if (this.#over) {
      this.#host.consumed(bytes.length);
      return;
    }
    this.#received += bytes.length;
    const length = this.#message?.contentLength;
    if (length !== undefined && this.#received > length) {
      this.#host.consumed(bytes.length);
      this.violated(Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#body.push(bytes);
    this.#wakeReader();
  }

  /** Padding, which nobody reads. */
  receivePadding(bytes: number): void {
    if (bytes > 0) this.#giveRoom(bytes);
  }

  /** The peer ends its direction. */
  receiveEnd(): void {
    if (this.#over) return;
    const length = this.#message?.contentLength;
    if (
      length !== undefined && this.#received !== length &&
      !isWithoutBody(this.#message)
    ) {
      this.violated(Http2Code.PROTOCOL_ERROR);
      return;
    }
    this.#remoteEnded = true;
    this.#wakeReader();
    if (this.#localEnded) this.#end(undefined);
  }

  /** The peer, or the end of the session, breaks it off. */
  fail(error: Http2Error): void {
    if (this.#over) return;
    // What is complete may be read, even if the peer does not want the rest.
    if (!this.#remoteEnded) this.#drop();
    this.#end(error);
  }

  /** Nobody handles it any more. */
  dismiss(): void {
    if (this.#over) this.#drop();
    else {
      this.reset(
        this.#localEnded ? Http2Code.NO_ERROR : Http2Code.INTERNAL_ERROR,
      );
    }
  }

  #resetHere(error: Http2Error): void {
    this.#drop();
    if (this.#over) return;
    this.#host.sendReset(this.id, error.code);
    this.#end(error);
  }

  #checkSending(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#localEnded || this.#over) throw closedError();
    if (this.#write) throw new Error("A write of this stream is pending");
  }

  #endLocal(): void {
    this.#localEnded = true;
    if (this.#remoteEnded) this.#end(undefined);
  }

  #end(error: Http2Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = error;
    if (this.#grown) grownStreams--;
    clearTimeout(this.#stallTimer);
    this.#host.over(this, error === undefined);
    if (error !== undefined) {
      this.#write?.done.reject(error);
      this.#write = undefined;
    }
    this.#headerWaiter?.resolve();
    this.#wakeReader();
    this.#closed.resolve();
  }

  #drop(): void {
    this.#dropped = true;
    const bytes = this.#body.clear();
    if (bytes > 0) this.#host.consumed(bytes);
  }

  #wakeReader(): void {
    this.#bodyWaiter?.resolve();
    this.#bodyWaiter = undefined;
  }

  #giveRoom(bytes: number): void {
    if (bytes === 0) return;
    this.#host.consumed(bytes);
    if (this.#over || this.#remoteEnded) return;
    const increment = this.receiveWindow.release(bytes);
    if (increment > 0) this.#host.sendWindow(this.id, increment);
  }

  /** The reader is faster than the peer: there is room for more. */
  #growWindow(): void {
    if (this.#received * 2 < this.receiveWindow.size) return;
    if (!this.#grown && grownStreams >= MOST_GROWN) return;
    const increment = this.receiveWindow.grow(this.#host.limits.streamWindow);
    if (increment === 0) return;
    if (!this.#grown) grownStreams++;
    this.#grown = true;
    this.#host.sendWindow(this.id, increment);
  }

  #watchStall(): void {
    this.#progressed = false;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      if (this.#write === undefined) return;
      if (this.#progressed) {
        this.#watchStall();
        return;
      }
      this.#resetHere(
        new Http2Error("timeout", "The peer takes nothing of the stream", {
          code: Http2Code.CANCEL,
        }),
      );
    }, this.#host.limits.writeStallMs);
  }
}

/** Their `content-length` is that of another response (RFC 9110 8.6). */
function isWithoutBody(message: MessageFields | undefined): boolean {
  return message?.status === 304 || message?.status === 204;
}
