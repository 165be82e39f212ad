/**
 * What has come on a stream and waits to be read, in buffers that all streams
 * take in turn: memory for each frame would pile up faster than the collector
 * of garbage frees it.
 *
 * @module
 */

import { BufferPool } from "../../relay/transport/mod.ts";
import { MAX_PAYLOAD } from "./frames.ts";

/** Sizes of buffers and how many lie idle of each: 2.6 MB together. */
const POOLS = [
  { size: 1024, pool: new BufferPool(1024, 256) },
  { size: 8 * 1024, pool: new BufferPool(8 * 1024, 64) },
  { size: MAX_PAYLOAD, pool: new BufferPool(MAX_PAYLOAD, 64) },
] as const;

/** Bytes in a borrowed buffer. */
export class Piece {
  readonly #pool: BufferPool;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;
  #released = false;

  /** One with room for `size` bytes, or for as many as there can be. */
  constructor(size: number) {
    const { pool } = POOLS.find((each) => size <= each.size) ?? POOLS[2];
    this.#pool = pool;
    this.#buffer = pool.take();
  }

  /** Memory that it takes, bytes. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** What it holds; valid until {@link release}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies as much of `bytes` as there is room for; returns how much. */
  append(bytes: Uint8Array): number {
    const size = Math.min(bytes.length, this.#buffer.length - this.#end);
    this.#buffer.set(
      size === bytes.length ? bytes : bytes.subarray(0, size),
      this.#end,
    );
    this.#end += size;
    return size;
  }

  /** Moves bytes from the front into `target`; returns how many. */
  moveTo(target: Uint8Array): number {
    const size = Math.min(target.length, this.length);
    target.set(this.#buffer.subarray(this.#start, this.#start + size));
    this.#start += size;
    return size;
  }

  /** Gives the buffer back. No view of it may be in use. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#pool.give(this.#buffer);
  }
}

/** Bytes in order. */
export class UnreadBytes {
  readonly #pieces: Piece[] = [];
  #size = 0;
  #memory = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Memory that they take, bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** Copies `bytes`; single ones share a buffer. */
  append(bytes: Uint8Array): void {
    let left = bytes;
    const last = this.#pieces.at(-1);
    if (last !== undefined) left = left.subarray(last.append(left));
    while (left.length > 0) {
      const piece = new Piece(this.#size + left.length);
      this.#pieces.push(piece);
      this.#memory += piece.capacity;
      left = left.subarray(piece.append(left));
    }
    this.#size += bytes.length;
  }

  /** Takes the first bytes as they lie there. */
  shift(): Piece | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.#size -= piece.length;
    this.#memory -= piece.capacity;
    return piece;
  }

  /** Moves as much as there is and fits into `target`; returns how much. */
  moveTo(target: Uint8Array): number {
    let filled = 0;
    while (filled < target.length && this.#pieces.length > 0) {
      const first = this.#pieces[0];
      const size = first.moveTo(
        filled === 0 ? target : target.subarray(filled),
      );
      filled += size;
      this.#size -= size;
      if (first.length > 0) break;
      this.shift()?.release();
    }
    return filled;
  }

  /** Throws everything away. */
  clear(): void {
    for (const piece of this.#pieces.splice(0)) piece.release();
    this.#size = 0;
    this.#memory = 0;
  }
}
