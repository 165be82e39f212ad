/**
 * What goes to the peer: frames that steer, at once; bodies as the connection
 * has room for them, a frame of each stream in turn.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { SendWindow } from "./flow_control.ts";
import { DEFAULT_FRAME_SIZE, FRAME_HEADER } from "./frames.ts";
import { DEFAULT_WINDOW } from "./settings.ts";

/** Bodies wait while more than this waits for the peer's TCP, bytes. */
const WAITING = 128 * 1024;
/** Frames of bodies that are encrypted together. */
const TOGETHER = 4;
const FULL_FRAME = FRAME_HEADER + DEFAULT_FRAME_SIZE;
/** Room for small frames before them. */
const STEERING = 1024;

/**
 * Frames are put together here; encrypting takes the bytes at once, so one
 * buffer serves all connections.
 */
const assembled = new Uint8Array(STEERING + TOGETHER * FULL_FRAME);

/** A stream that has bytes to send. */
export interface Sender {
  /** Bytes that its own window allows now. */
  readonly sendable: number;
  /**
   * Puts a frame with at most `room` bytes of payload to `at`; returns how many
   * bytes of payload it has.
   */
  putFrame(target: Uint8Array, at: number, room: number): number;
}

/** Output of one connection. */
export class Output {
  /** What the peer takes of all streams. */
  readonly window = new SendWindow(DEFAULT_WINDOW);
  readonly #connection: Connection;
  #steering: Uint8Array<ArrayBuffer>[] = [];
  #scheduled = false;
  #draining = false;
  /** Whose turn is next; each has something to send, and room for it. */
  #ready: Sender[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Sends a frame soon, together with others of this moment. */
  steer(frame: Uint8Array<ArrayBuffer>): void {
    this.#steering.push(frame);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Lets a stream send; once more does no harm. */
  add(sender: Sender): void {
    if (this.#ready.includes(sender)) return;
    this.#ready.push(sender);
    this.flush();
  }

  /** This stream does not send any more. */
  remove(sender: Sender): void {
    const index = this.#ready.indexOf(sender);
    if (index >= 0) this.#ready.splice(index, 1);
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#steering = [];
    this.#ready = [];
  }

  /** Sends what can be sent now. */
  flush(): void {
    for (;;) {
      let end = this.#putSteering();
      if (this.#connection.buffered <= WAITING) end = this.#putBodies(end);
      if (end === 0) break;
      this.#connection.write(assembled.subarray(0, end));
    }
    if (this.#ready.length > 0 && this.window.available > 0) this.#goOnLater();
  }

  #putSteering(): number {
    const frames = this.#steering;
    if (frames.length === 0) return 0;
    this.#steering = [];
    let end = 0;
    for (const frame of frames) {
      if (end + frame.length > STEERING) {
        if (end > 0) this.#connection.write(assembled.subarray(0, end));
        end = 0;
      }
      if (frame.length > STEERING) {
        this.#connection.write(frame);
        continue;
      }
      assembled.set(frame, end);
      end += frame.length;
    }
    return end;
  }

  #putBodies(start: number): number {
    let end = start;
    for (let count = 0; count < TOGETHER; count++) {
      const sender = this.#ready[0];
      const room = Math.min(DEFAULT_FRAME_SIZE, this.window.available);
      if (sender === undefined || room <= 0) break;
      this.#ready.shift();
      if (sender.sendable <= 0) {
        count--;
        continue;
      }
      const length = sender.putFrame(assembled, end, room);
      this.window.take(length);
      end += FRAME_HEADER + length;
      if (sender.sendable > 0) this.#ready.push(sender);
    }
    return end;
  }

  #goOnLater(): void {
    if (this.#draining || !this.#connection.open) return;
    this.#draining = true;
    this.#connection.drained(WAITING / 2).then(() => {
      this.#draining = false;
      this.flush();
    });
  }
}
