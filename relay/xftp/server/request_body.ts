/**
 * Body of a request. The client gets room for more only as it is read.
 *
 * @module
 */

import { Http2Code, type Http2Stream } from "../../http2/mod.ts";
import { EMPTY } from "../../wire/mod.ts";

/** Reads a body in pieces. One call at a time. */
export class RequestBody {
  readonly #stream: Http2Stream;
  #rest: Uint8Array | undefined;
  #reading: Promise<Uint8Array | undefined> | undefined;

  constructor(stream: Http2Stream) {
    this.#stream = stream;
  }

  /** Settles when nobody waits for an answer any more. Never rejects. */
  get closed(): Promise<void> {
    return this.#stream.closed;
  }

  /**
   * The next bytes, valid until the next call, or `undefined` at the end. A
   * call that is not waited for any more loses nothing to the one after it.
   *
   * @throws {Http2Error} when the request was broken off
   */
  async next(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    const reading = this.#reading ??= this.#stream.read();
    try {
      return await reading;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  /**
   * The first `size` bytes, or fewer when the body ends before.
   *
   * @throws {Http2Error}
   */
  async head(size: number): Promise<Uint8Array> {
    // Memory only for what has come: many requests may never bring anything.
    let bytes: Uint8Array = EMPTY;
    let filled = 0;
    while (filled < size) {
      const piece = await this.next();
      if (piece === undefined) break;
      const part = piece.subarray(0, size - filled);
      const needed = filled + part.length;
      if (needed > bytes.length) {
        const before = bytes.subarray(0, filled);
        bytes = new Uint8Array(Math.min(size, Math.max(needed, 2 * filled)));
        bytes.set(before);
      }
      bytes.set(part, filled);
      filled += part.length;
      if (part.length < piece.length) this.#rest = piece.subarray(part.length);
    }
    return bytes.subarray(0, filled);
  }

  /**
   * Reads to the end, but not more than `limit` bytes; true at the end.
   *
   * @throws {Http2Error}
   */
  async discard(limit: number): Promise<boolean> {
    for (let left = limit; left >= 0;) {
      const piece = await this.next();
      if (piece === undefined) return true;
      left -= piece.length;
    }
    return false;
  }

  /**
   * Breaks the request off unless `action` is done within `timeoutMs`.
   *
   * @throws {Http2Error}, and what `action` throws
   */
  async within<T>(timeoutMs: number, action: () => Promise<T>): Promise<T> {
    const timer = setTimeout(
      () => this.#stream.reset(Http2Code.CANCEL),
      timeoutMs,
    );
    try {
      return await action();
    } finally {
      clearTimeout(timer);
    }
  }
}
