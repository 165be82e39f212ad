/**
 * Bytes of a connection, taken in the pieces that HTTP has.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { Http1Error } from "./errors.ts";

const EMPTY = new Uint8Array(0);

/** Reads heads and bodies; keeps what came beyond them. */
export class Incoming {
  readonly #connection: Connection;
  #rest: Uint8Array = EMPTY;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Bytes that came and were not taken. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /**
   * The bytes up to the empty line, without it; `undefined` when the stream
   * ends before anything has come.
   *
   * @throws {Http1Error} when there is none in `max` bytes or the stream ends
   */
  async head(max: number): Promise<Uint8Array | undefined> {
    let searched = 0;
    for (;;) {
      const end = endOfHead(this.#rest, searched);
      if (end > max || (end < 0 && this.#rest.length > max)) {
        throw new Http1Error("too large", "The head is too long");
      }
      if (end >= 0) {
        const head = this.#rest.subarray(0, end);
        this.#rest = this.#rest.subarray(end + 4);
        return head;
      }
      searched = Math.max(0, this.#rest.length - 3);
      if (!await this.#more()) {
        if (this.#rest.length === 0) return undefined;
        throw new Http1Error("closed", "The connection ended in a head");
      }
    }
  }

  /**
   * The next `length` bytes.
   *
   * @throws {Http1Error} when the stream ends before
   */
  async body(length: number): Promise<Uint8Array> {
    const body = new Uint8Array(length);
    const taken = Math.min(length, this.#rest.length);
    body.set(this.#rest.subarray(0, taken));
    this.#rest = this.#rest.subarray(taken);
    if (
      taken < length && !await this.#connection.readFull(body.subarray(taken))
    ) throw new Http1Error("closed", "The connection ended in a body");
    return body;
  }

  /** Whether more has come. */
  async #more(): Promise<boolean> {
    const bytes = await this.#connection.read();
    if (bytes === undefined) return false;
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    this.#rest = joined;
    return true;
  }
}

/** Where the empty line is: CR LF CR LF; -1 when there is none. */
function endOfHead(bytes: Uint8Array, from: number): number {
  for (let at = from; (at = bytes.indexOf(0x0d, at)) >= 0; at++) {
    if (
      bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d && bytes[at + 3] === 0x0a
    ) return at;
  }
  return -1;
}
