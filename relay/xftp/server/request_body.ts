/**
 * Body of a request, as fast as it is taken: `node:http2` opens the peer's
 * window only as its bytes are read.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";

/** The peer broke the request off. */
export class RequestAborted extends Error {
  override readonly name = "RequestAborted";
}

/** Reads a body in pieces. */
export class RequestBody {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array | undefined;

  constructor(stream: Readable) {
    this.#pieces = stream.iterator({ destroyOnReturn: false });
  }

  /**
   * The next bytes, or `undefined` at the end.
   *
   * @throws {RequestAborted}
   */
  async next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    try {
      const { done, value } = await this.#pieces.next();
      return done ? undefined : value;
    } catch (cause) {
      throw new RequestAborted("The request was broken off", { cause });
    }
  }

  /** The first `size` bytes, or fewer when the body ends before. */
  async head(size: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (length < size) {
      const piece = await this.next();
      if (piece === undefined) break;
      length += piece.length;
      pieces.push(piece);
    }
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (bytes.length > size) this.#rest = bytes.subarray(size);
    return bytes.subarray(0, size);
  }

  /** Reads to the end, but not more than `limit` bytes; true at the end. */
  async discard(limit: number): Promise<boolean> {
    for (let left = limit; left >= 0;) {
      const piece = await this.next();
      if (piece === undefined) return true;
      left -= piece.length;
    }
    return false;
  }
}
