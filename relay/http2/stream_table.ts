/**
 * The streams of a session, and what is known of those that were (RFC 9113
 * section 5.1).
 *
 * @module
 */

import { connectionError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/** Streams that we reset and may still hear of. */
const REMEMBERED = 256;

/** Streams by their IDs; all are begun by one side, the client. */
export class StreamTable {
  readonly #streams = new Map<number, Exchange>();
  readonly #reset = new Set<number>();
  /** Highest ID that a stream was begun with. */
  last = 0;

  get size(): number {
    return this.#streams.size;
  }

  add(stream: Exchange): void {
    this.last = stream.id;
    this.#streams.set(stream.id, stream);
  }

  get(id: number): Exchange | undefined {
    return this.#streams.get(id);
  }

  remove(stream: Exchange): void {
    this.#streams.delete(stream.id);
  }

  /** All of them; they may be removed meanwhile. */
  all(): Exchange[] {
    return [...this.#streams.values()];
  }

  /** Remembers that we have reset the stream: frames of it may be on the way. */
  rememberReset(id: number): void {
    this.#reset.add(id);
    if (this.#reset.size <= REMEMBERED) return;
    for (const oldest of this.#reset) {
      this.#reset.delete(oldest);
      break;
    }
  }

  /**
   * Throws unless frames of a stream that is not there can be on the way.
   *
   * @throws {Http2Error} of the connection
   */
  checkGone(id: number): void {
    this.checkBegun(id);
    if (this.#reset.has(id)) return;
    throw connectionError(
      "STREAM_CLOSED",
      "A frame came after the stream's end",
    );
  }

  /**
   * Throws unless the stream was begun at some time.
   *
   * @throws {Http2Error} of the connection
   */
  checkBegun(id: number): void {
    if (id <= this.last && id % 2 === 1) return;
    throw connectionError("PROTOCOL_ERROR", "The stream was never begun");
  }
}
