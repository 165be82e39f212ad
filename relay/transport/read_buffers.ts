/**
 * With which buffer a connection waits for its next bytes: an idle one with
 * few bytes, one in the middle of a record or of a conversation with many.
 *
 * @module
 */

import { BufferPool } from "./buffers.ts";

/** Size of the buffer an idle connection waits with. */
const IDLE_READ = 256;
/** Most ciphertext taken in one read: three records of a 16 KiB block. */
export const LARGE_READ = 50 * 1024;
/**
 * A connection that just had two blocks waits for the next one with a buffer
 * of this size, so that the block comes in one read and not in two.
 */
const EAGER_READ = 17 * 1024;
/** Connections that may wait like this at a time: 4 MB. */
const MAX_EAGER = 256;
/**
 * Connections that may wait for the rest of a record with a large buffer:
 * 13 MB. More than these wait on purpose, and get less.
 */
const MAX_LARGE = 256;
const SCARCE_READ = 4 * 1024;
/** For how long after a block the next one is expected, in milliseconds. */
const EAGER_MS = 1000;

const largePool = new BufferPool(LARGE_READ, 64);
const eagerPool = new BufferPool(EAGER_READ, 64);
const scarcePool = new BufferPool(SCARCE_READ, 64);
let eagerReaders = 0;
let largeReaders = 0;

/** A buffer for one read. */
export interface ReadBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Gives it back; nothing may write into it any more. */
  release(): void;
}

/** A large buffer; a smaller one while too many are taken. */
export function takeLargeBuffer(): ReadBuffer {
  if (largeReaders >= MAX_LARGE) {
    const bytes = scarcePool.take();
    return { bytes, release: () => scarcePool.give(bytes) };
  }
  const bytes = largePool.take();
  largeReaders++;
  return {
    bytes,
    release: () => {
      largeReaders--;
      largePool.give(bytes);
    },
  };
}

/** Chooses the buffers of one connection. */
export class ReadBuffers {
  #idle: ReadBuffer | undefined;
  #midRecord = false;
  /** Time of the last read of more than a few bytes. */
  #lastBlock = -Infinity;
  /** Whether the block before came shortly before that. */
  #busy = false;

  /** A buffer for the next read. */
  take(): ReadBuffer {
    if (this.#midRecord) return takeLargeBuffer();
    if (this.#expectsBlock()) {
      const bytes = eagerPool.take();
      eagerReaders++;
      return {
        bytes,
        release: () => {
          eagerReaders--;
          eagerPool.give(bytes);
        },
      };
    }
    return this.#idle ??= {
      bytes: new Uint8Array(IDLE_READ),
      release: () => {},
    };
  }

  /** Learns from a read of `count` bytes into a buffer of `size`. */
  learn(
    count: number,
    { size, midRecord }: { size: number; midRecord: boolean },
  ): void {
    this.#midRecord = midRecord || count === size;
    if (count <= IDLE_READ) return;
    const now = performance.now();
    this.#busy = now - this.#lastBlock < EAGER_MS;
    this.#lastBlock = now;
  }

  #expectsBlock(): boolean {
    return this.#busy && eagerReaders < MAX_EAGER &&
      performance.now() - this.#lastBlock < EAGER_MS;
  }
}
