/**
 * One stream of a link.
 *
 * @module
 */

import type { ByteStream } from "../../relay/transport/mod.ts";
import { MuxError } from "./errors.ts";
import { Flag, FrameType, INITIAL_WINDOW, MAX_PAYLOAD } from "./frames.ts";
import { ReceiveWindow, type WindowBudget } from "./receive_window.ts";

/** What a stream needs of its link. */
export interface StreamLink {
  readonly budget: WindowBudget;
  /** Round trip time, ms. */
  readonly rttMs: number;
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
  /** More bytes, or with a minus fewer, wait here unread. */
  hold(bytes: number): void;
  /** The stream is over. */
  forget(stream: MuxStream): void;
}

/** Size of the buffer that pieces smaller than it share, bytes. */
const SHARED_SIZE = 4096;

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

/** Bytes read: a number with a buffer, else the bytes; `null` at the end. */
type Taken = number | Uint8Array<ArrayBuffer> | null;

/**
 * A two-way stream of bytes. What waits here unread is bounded by the window,
 * what waits to be sent by the one write that is allowed at a time.
 */
export class MuxStream implements ByteStream {
  readonly id: number;
  readonly #link: StreamLink;
  readonly #window: ReceiveWindow;
  /** Bytes that have come and were not read, in order. */
  readonly #unread: Uint8Array<ArrayBuffer>[] = [];
  #unreadSize = 0;
  /** Where small pieces are kept, and how much of it is taken. */
  #shared: Uint8Array<ArrayBuffer> | undefined;
  #sharedUsed = 0;
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
    return this.#unreadSize;
  }

  /** Whether it is over in both directions, or broken off. */
  get over(): boolean {
    return this.#error !== undefined || (this.#ended && this.#peerEnded);
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    const taken = await this.#take(buffer);
    return taken instanceof Uint8Array ? taken.length : taken;
  }

  /**
   * The next bytes as they came, which the caller may keep; `null` at the end.
   * Takes no memory while it waits.
   *
   * @throws {MuxError}
   */
  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    const taken = await this.#take(undefined);
    return typeof taken === "number" ? null : taken;
  }

  #take(buffer: Uint8Array<ArrayBuffer> | undefined): Promise<Taken> {
    if (this.#reading !== undefined) {
      return Promise.reject(new Error("A read of this stream waits already"));
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#unreadSize > 0) {
      const taken = buffer === undefined ? this.#shift() : this.#fill(buffer);
      this.#giveRoom();
      return Promise.resolve(taken);
    }
    if (this.#peerEnded) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#reading = { buffer, resolve, reject };
    });
  }

  #shift(): Uint8Array<ArrayBuffer> | null {
    const bytes = this.#unread.shift() ?? null;
    if (bytes !== null) this.#hold(-bytes.length);
    return bytes;
  }

  #fill(buffer: Uint8Array): number {
    let filled = 0;
    while (filled < buffer.length && this.#unread.length > 0) {
      const first = this.#unread[0];
      const size = Math.min(first.length, buffer.length - filled);
      buffer.set(
        size === first.length ? first : first.subarray(0, size),
        filled,
      );
      filled += size;
      if (size === first.length) this.#unread.shift();
      else this.#unread[0] = first.subarray(size);
    }
    this.#hold(-filled);
    return filled;
  }

  #hold(bytes: number): void {
    this.#unreadSize += bytes;
    this.#link.hold(bytes);
  }

  #giveRoom(): void {
    if (this.#peerEnded) return;
    const { rttMs } = this.#link;
    const room = this.#window.update(this.#unreadSize, {
      now: this.#link.now(),
      rttMs,
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
    const size = Math.min(bytes.length - sent, this.#credit, MAX_PAYLOAD);
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

  /** Ends both directions at once. */
  close(): void {
    if (this.over) return;
    this.#send(FrameType.window, 0, Flag.rst);
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
    const reading = this.#reading;
    if (reading?.buffer === undefined) {
      this.#keep(bytes);
      if (reading === undefined) return true;
    } else {
      const size = Math.min(bytes.length, reading.buffer.length);
      const whole = size === bytes.length;
      reading.buffer.set(whole ? bytes : bytes.subarray(0, size));
      if (!whole) this.#keep(bytes.subarray(size));
      this.#reading = undefined;
      reading.resolve(size);
      this.#giveRoom();
      return true;
    }
    this.#reading = undefined;
    reading.resolve(this.#shift());
    this.#giveRoom();
    return true;
  }

  /**
   * Copies a view that is valid only now. Small pieces share a buffer, so that
   * a peer that sends single bytes does not take more memory than its window.
   */
  #keep(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#hold(length);
    if (length >= SHARED_SIZE) {
      this.#unread.push(new Uint8Array(bytes));
      return;
    }
    const fits = this.#sharedUsed + length <= SHARED_SIZE;
    const shared = fits && this.#shared || new Uint8Array(SHARED_SIZE);
    const start = fits ? this.#sharedUsed : 0;
    shared.set(bytes, start);
    const last = this.#unread.at(-1);
    const follows = last?.buffer === shared.buffer &&
      last.byteOffset + last.length === start;
    const from = follows ? last.byteOffset : start;
    const piece = shared.subarray(from, start + length);
    if (follows) this.#unread[this.#unread.length - 1] = piece;
    else this.#unread.push(piece);
    this.#shared = shared;
    this.#sharedUsed = start + length;
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
    this.#unread.length = 0;
    this.#hold(-this.#unreadSize);
    this.#reading?.reject(error);
    this.#reading = undefined;
    this.#writing?.reject(error);
    this.#writing = undefined;
    this.#forget();
  }

  #forgetIfOver(): void {
    if (this.#ended && this.#peerEnded) this.#forget();
  }

  #forget(): void {
    this.#window.release();
    this.#link.forget(this);
  }
}

function closedError(): MuxError {
  return new MuxError("closed", "This stream was closed");
}
