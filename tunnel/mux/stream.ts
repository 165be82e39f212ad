/**
 * One stream of a link.
 *
 * @module
 */

import type { ByteStream } from "../../relay/transport/mod.ts";
import { MuxError } from "./errors.ts";
import { Flag, FrameType, INITIAL_WINDOW, SEND_PAYLOAD } from "./frames.ts";
import { ReceiveWindow, type WindowBudget } from "./receive_window.ts";
import { Piece, UnreadBytes } from "./unread.ts";

/** What a stream needs of its link. */
export interface StreamLink {
  readonly budget: WindowBudget;
  /** Round trip time, ms. */
  readonly rttMs: number;
  /** Whether so much waits here unread that streams get less room. */
  readonly scarce: boolean;
  now(): number;
  /** Sends a frame at once. */
  send(
    type: number,
    flags: number,
    streamId: number,
    body: number | Uint8Array,
  ): void;
  /** Lets the stream send when its turn has come. */
  queue(stream: MuxStream): void;
  /** What waits here unread takes more memory, or with a minus less. */
  hold(bytes: number): void;
  /** The stream is over. */
  forget(stream: MuxStream): void;
}

/** Bytes that wait to be sent, and who waits for that. */
interface PendingWrite {
  readonly bytes: Uint8Array;
  sent: number;
  readonly resolve: (size: number) => void;
  readonly reject: (error: MuxError) => void;
}

/** A read that waits for bytes. */
interface PendingRead {
  /** Left out: whatever comes next is taken as it is. */
  readonly buffer: Uint8Array | undefined;
  readonly resolve: (result: Taken) => void;
  readonly reject: (error: MuxError) => void;
}

/** Bytes read: a number with a buffer, else a piece; `null` at the end. */
type Taken = number | Piece | null;

/**
 * A two-way stream of bytes. What waits here unread is bounded by the window,
 * what waits to be sent by the one write that is allowed at a time.
 */
export class MuxStream implements ByteStream {
  readonly id: number;
  readonly #link: StreamLink;
  readonly #window: ReceiveWindow;
  readonly #unread = new UnreadBytes();
  /** Bytes that the peer has room for. */
  #credit = INITIAL_WINDOW;
  #reading: PendingRead | undefined;
  #writing: PendingWrite | undefined;
  #queued = false;
  #peerEnded = false;
  #ended = false;
  #error: MuxError | undefined;
  /** Flags that the next frame has to carry: SYN or ACK at the beginning. */
  #flags: number;

  constructor(link: StreamLink, id: number, { own }: { own: boolean }) {
    this.#link = link;
    this.id = id;
    this.#window = new ReceiveWindow(link.budget, link.now());
    this.#flags = own ? Flag.syn : Flag.ack;
  }

  /** Bytes that wait here to be read. */
  get unread(): number {
    return this.#unread.size;
  }

  /** Memory that those take, bytes. */
  get memory(): number {
    return this.#unread.memory;
  }

  /** Whether it is over in both directions, or broken off. */
  get over(): boolean {
    return this.#error !== undefined || (this.#ended && this.#peerEnded);
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const taken = await this.#take(buffer);
    return taken instanceof Piece ? taken.length : taken;
  }

  /**
   * The next bytes as they came, to be released after use; `null` at the end.
   * Takes no memory while it waits.
   *
   * @throws {MuxError}
   */
  async next(): Promise<Piece | null> {
    const taken = await this.#take(undefined);
    return typeof taken === "number" ? null : taken;
  }

  #take(buffer: Uint8Array<ArrayBuffer> | undefined): Promise<Taken> {
    if (this.#reading !== undefined) {
      return Promise.reject(new Error("A read of this stream waits already"));
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#unread.size > 0) {
      const before = this.#unread.memory;
      const taken = buffer === undefined
        ? this.#unread.shift() ?? null
        : this.#unread.moveTo(buffer);
      this.#link.hold(this.#unread.memory - before);
      this.#giveRoom();
      this.#forgetIfOver();
      return Promise.resolve(taken);
    }
    if (this.#peerEnded) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
    });
  }

  #giveRoom(): void {
    if (this.#peerEnded) return;
    const { rttMs, scarce } = this.#link;
    const room = this.#window.update(this.#unread.size, {
      now: this.#link.now(),
      rttMs,
      scarce,
    });
    if (room > 0) this.#send(FrameType.window, room);
  }

  /**
   * Sends all of `bytes`, as the peer has room and as this stream's turn comes.
   *
   * @throws {MuxError}
   */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#writing !== undefined) {
      return Promise.reject(new Error("A write of this stream waits already"));
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#writing = { bytes, sent: 0, resolve, reject };
      this.#enqueue();
    });
  }

  #enqueue(): void {
    if (this.#queued || this.#writing === undefined || this.#credit <= 0) {
      return;
    }
    this.#queued = true;
    this.#link.queue(this);
  }

  /** Sends one frame of what waits, when the link lets this stream. */
  sendTurn(): void {
    this.#queued = false;
    const writing = this.#writing;
    if (writing === undefined) return;
    const { bytes, sent } = writing;
    const size = Math.min(bytes.length - sent, this.#credit, SEND_PAYLOAD);
    if (size > 0) {
      const whole = size === bytes.length;
      this.#credit -= size;
      writing.sent += size;
      this.#send(
        FrameType.data,
        whole ? bytes : bytes.subarray(sent, sent + size),
      );
    }
    if (writing.sent < bytes.length) {
      this.#enqueue();
      return;
    }
    this.#writing = undefined;
    writing.resolve(bytes.length);
  }

  /** Sends the end of the own direction. What is being written comes before. */
  closeWrite(): Promise<void> {
    if (this.#ended || this.#error !== undefined) return Promise.resolve();
    if (this.#writing !== undefined) {
      return Promise.reject(new Error("A write of this stream waits still"));
    }
    this.#ended = true;
    this.#send(FrameType.window, 0, Flag.fin);
    this.#forgetIfOver();
    return Promise.resolve();
  }

  /** Ends both directions at once; what waits unread is thrown away. */
  close(): void {
    if (this.#error !== undefined) return;
    if (!this.over) this.#send(FrameType.window, 0, Flag.rst);
    this.fail(closedError());
  }

  /** Tells the peer that the stream is there, before anything is written. */
  announce(): void {
    if (this.#flags !== 0) this.#send(FrameType.window, 0);
  }

  #send(type: number, body: number | Uint8Array, flags = 0): void {
    const all = flags | this.#flags;
    this.#flags = 0;
    this.#link.send(type, all, this.id, body);
  }

  /** Bytes have come. False when the peer had no room for them. */
  receive(bytes: Uint8Array): boolean {
    if (!this.#window.receive(bytes.length) || this.#peerEnded) return false;
    if (bytes.length === 0) return true;
    const reading = this.#reading;
    if (reading === undefined) {
      this.#keep(bytes);
      return true;
    }
    this.#reading = undefined;
    const { buffer } = reading;
    const piece = buffer === undefined ? new Piece(bytes.length) : undefined;
    let size: number;
    if (piece !== undefined) size = piece.append(bytes);
    else {
      // One of both is there.
      const target = buffer ?? new Uint8Array();
      size = Math.min(bytes.length, target.length);
      target.set(size === bytes.length ? bytes : bytes.subarray(0, size));
    }
    if (size < bytes.length) this.#keep(bytes.subarray(size));
    reading.resolve(piece ?? size);
    this.#giveRoom();
    return true;
  }

  /** Copies a view that is valid only now. */
  #keep(bytes: Uint8Array): void {
    const before = this.#unread.memory;
    this.#unread.append(bytes);
    this.#link.hold(this.#unread.memory - before);
  }

  /** The peer has room for more. False when it says more than there can be. */
  addCredit(bytes: number): boolean {
    this.#credit += bytes;
    if (this.#credit > 0x7fff_ffff) return false;
    this.#enqueue();
    return true;
  }

  /** The peer has ended its direction. */
  end(): void {
    if (this.#peerEnded) return;
    this.#peerEnded = true;
    this.#reading?.resolve(null);
    this.#reading = undefined;
    this.#forgetIfOver();
  }

  /** Breaks it off, here only. */
  fail(error: MuxError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#link.hold(-this.#unread.memory);
    this.#unread.clear();
    this.#reading?.reject(error);
    this.#reading = undefined;
    this.#writing?.reject(error);
    this.#writing = undefined;
    this.#forget();
  }

  /** What is over counts, and can be broken off, until it has been read. */
  #forgetIfOver(): void {
    if (this.over && this.#unread.size === 0) this.#forget();
  }

  #forget(): void {
    this.#window.release();
    this.#link.forget(this);
  }
}

function closedError(): MuxError {
  return new MuxError("closed", "This stream was closed");
}
