/**
 * Buffers that many connections take in turn, so that an idle one holds none,
 * and the queue of output a socket has not taken yet.
 *
 * @module
 */

/** A store of equal buffers that are used again. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #size: number;
  readonly #keep: number;

  /** Buffers of `size` bytes, of which at most `keep` lie idle. */
  constructor(size: number, keep: number) {
    this.#size = size;
    this.#keep = keep;
  }

  /** A buffer with undefined content. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.#size);
  }

  /** Gives a buffer back; the caller must not touch it afterwards. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
    // Frees it at once: the collector would let many megabytes stand.
    else buffer.buffer.transfer(0);
  }
}

/** A TLS record of 2^14 bytes with header, type and tag, and something over. */
const SMALL = 16 * 1024 + 256;
const LARGE = 4 * SMALL;

const small = new BufferPool(SMALL, 64);
const large = new BufferPool(LARGE, 16);

interface Chunk {
  readonly buffer: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
}

/** Bytes on their way out, in order. */
export class OutputQueue {
  #chunks: Chunk[] = [];
  #length = 0;

  /** Bytes in the queue. */
  get length(): number {
    return this.#length;
  }

  /**
   * Lets `fill` write `length` bytes at the end of the queue: it gets a view
   * of at least one byte and returns how many it has written; it is called
   * until they are `length`.
   */
  append(length: number, fill: (view: Uint8Array<ArrayBuffer>) => number) {
    let left = length;
    while (left > 0) {
      let tail = this.#chunks.at(-1);
      if (tail === undefined || tail.end === tail.buffer.length) {
        const pool = left <= SMALL ? small : large;
        tail = { buffer: pool.take(), start: 0, end: 0 };
        this.#chunks.push(tail);
      }
      const room = Math.min(left, tail.buffer.length - tail.end);
      const written = fill(tail.buffer.subarray(tail.end, tail.end + room));
      if (written <= 0) throw new Error("Output ended before its length");
      tail.end += written;
      this.#length += written;
      left -= written;
    }
  }

  /** The first bytes; empty when there are none. Stays valid until consumed. */
  head(): Uint8Array<ArrayBuffer> {
    const chunk = this.#chunks[0];
    return chunk.buffer.subarray(chunk.start, chunk.end);
  }

  /** Takes `count` bytes off the head, which they do not exceed. */
  consume(count: number): void {
    const chunk = this.#chunks[0];
    chunk.start += count;
    this.#length -= count;
    if (chunk.start === chunk.end) {
      this.#chunks.shift();
      giveBack(chunk.buffer);
    }
  }

  /** Throws everything away. No view from {@link head} may be in use. */
  clear(): void {
    for (const chunk of this.#chunks) giveBack(chunk.buffer);
    this.#chunks = [];
    this.#length = 0;
  }
}

function giveBack(buffer: Uint8Array<ArrayBuffer>): void {
  (buffer.length === SMALL ? small : large).give(buffer);
}
