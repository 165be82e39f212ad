/**
 * Bytes of a body that came and were not read yet. The connection's buffers are
 * its own again at its next read, so the bytes are copied, into buffers that
 * all streams take in turn.
 *
 * @module
 */

/** Size of a buffer: four frames. */
const SIZE = 64 * 1024;
/** Buffers that may lie idle: 2 MB. */
const KEEP = 32;
/** Less than this gets a buffer of its own size: streams may be many. */
const SMALL = 4 * 1024;

const free: Uint8Array<ArrayBuffer>[] = [];

interface Chunk {
  readonly buffer: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
}

/** Bytes in their order. */
export class BodyQueue {
  readonly #chunks: Chunk[] = [];
  #length = 0;
  #lent = 0;

  /** Bytes that were not taken yet. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of the bytes. */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const left = bytes.length - at;
      let tail = this.#chunks.at(-1);
      if (tail === undefined || tail.end === tail.buffer.length) {
        const buffer = left < SMALL && tail === undefined
          ? new Uint8Array(SMALL)
          : free.pop() ?? new Uint8Array(SIZE);
        tail = { buffer, start: 0, end: 0 };
        this.#chunks.push(tail);
      }
      const count = Math.min(left, tail.buffer.length - tail.end);
      tail.buffer.set(
        count === bytes.length ? bytes : bytes.subarray(at, at + count),
        tail.end,
      );
      tail.end += count;
      at += count;
    }
  }

  /**
   * The next bytes, valid until the next call of {@link release} or
   * {@link clear}; `undefined` when there are none.
   */
  take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#length === 0) return undefined;
    const chunk = this.#chunks[0];
    const bytes = chunk.buffer.subarray(chunk.start, chunk.end);
    this.#length -= bytes.length;
    this.#lent = bytes.length;
    return bytes;
  }

  /** Takes back what {@link take} lent; returns how many bytes it was. */
  release(): number {
    const lent = this.#lent;
    if (lent === 0) return 0;
    this.#lent = 0;
    const chunk = this.#chunks[0];
    chunk.start += lent;
    if (chunk.start === chunk.end) {
      this.#chunks.shift();
      giveBack(chunk.buffer);
    }
    return lent;
  }

  /**
   * Drops everything, and forgets what is lent, which stays whole; returns how
   * many bytes that was.
   */
  clear(): number {
    const dropped = this.#length + this.#lent;
    // The first buffer may be in the hands of a reader who is still at it.
    if (this.#lent > 0) this.#chunks.shift();
    for (const { buffer } of this.#chunks) giveBack(buffer);
    this.#chunks.length = 0;
    this.#length = 0;
    this.#lent = 0;
    return dropped;
  }
}

function giveBack(buffer: Uint8Array<ArrayBuffer>): void {
  if (buffer.length === SIZE && free.length < KEEP) free.push(buffer);
  // Frees it at once: the collector would let many megabytes stand.
  else buffer.buffer.transfer(0);
}
