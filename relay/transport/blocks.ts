/**
 * Cuts the bytes of a connection into blocks of a fixed size.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/** Reads blocks of `size` bytes from a connection. */
export class BlockReader {
  readonly #connection: Connection;
  readonly #size: number;
  /** A block that has not come completely; exists only then. */
  #partial: Uint8Array | undefined;
  #length = 0;
  /** Bytes after the block that was returned last. */
  #rest: Uint8Array | undefined;

  constructor(connection: Connection, size: number) {
    this.#connection = connection;
    this.#size = size;
  }

  /**
   * The next block, or `undefined` when the stream ended before it was
   * complete. It may be changed in place and is valid until the next call.
   */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      let bytes = this.#rest;
      this.#rest = undefined;
      bytes ??= await this.#connection.read();
      if (bytes === undefined) return undefined;
      // Peers send each block in one TLS record of the same size, so this is
      // what happens nearly always, and nothing is copied.
      if (this.#partial === undefined && bytes.length >= this.#size) {
        if (bytes.length > this.#size) this.#rest = bytes.subarray(this.#size);
        return bytes.subarray(0, this.#size);
      }
      const block = this.#fill(bytes);
      if (block !== undefined) return block;
    }
  }

  #fill(bytes: Uint8Array): Uint8Array | undefined {
    const partial = this.#partial ??= new Uint8Array(this.#size);
    const taken = Math.min(bytes.length, this.#size - this.#length);
    partial.set(bytes.subarray(0, taken), this.#length);
    this.#length += taken;
    if (this.#length < this.#size) return undefined;
    if (taken < bytes.length) this.#rest = bytes.subarray(taken);
    this.#partial = undefined;
    this.#length = 0;
    return partial;
  }
}
