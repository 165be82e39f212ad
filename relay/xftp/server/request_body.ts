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

/** What waits in memory before the stream is paused, bytes. */
const WAITING = 64 * 1024;

/** Reads a body in pieces. One call at a time. */
export class RequestBody {
  readonly #stream: Readable;
  readonly #pieces: Uint8Array[] = [];
  #waiting = 0;
  #ended = false;
  #broken = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on("data", (piece: Uint8Array) => {
      this.#pieces.push(piece);
      this.#waiting += piece.length;
      if (this.#waiting >= WAITING) stream.pause();
      this.#wake?.();
    });
    stream.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
    const onBroken = () => {
      this.#broken = !this.#ended;
      this.#wake?.();
    };
    stream.on("aborted", onBroken);
    stream.on("close", onBroken);
  }

  /**
   * The next bytes, or `undefined` at the end.
   *
   * @throws {RequestAborted}
   */
  async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#waiting -= piece.length;
        return piece;
      }
      if (this.#broken) throw new RequestAborted("The request was broken off");
      if (this.#ended) return undefined;
      if (this.#stream.isPaused()) this.#stream.resume();
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = undefined;
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
    if (bytes.length > size) {
      this.#pieces.unshift(bytes.subarray(size));
      this.#waiting += bytes.length - size;
    }
    return bytes.subarray(0, size);
  }

  /** Reads to the end, but not more than `limit` bytes; true at the end. */
  async discard(limit: number): Promise<boolean> {
    for (let left = limit; left >= 0;) {
      const piece = await this.next();
      if (piece === undefined) return true;
      left -= piece.length;
      releasePiece(piece);
    }
    return false;
  }
}

/**
 * Frees a piece that nobody uses any more, at once: the collector would let
 * hundreds of megabytes of them stand.
 */
export function releasePiece({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}
