/**
 * A {@link Connection} as a Node stream, for `node:http2`. Bytes are read from
 * the peer only when the stream wants them, and a write is done when the
 * peer's TCP has taken most of what waits.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { releasePiece } from "./request_body.ts";
import type { Connection } from "../../transport/connection.ts";

/** Writes wait while more than this is on its way to the peer, bytes. */
const WAITING_OUTPUT = 128 * 1024;
/** Small writes are joined up to this size: a few TLS records, bytes. */
const JOINED = 64 * 1024;

/** The stream over a connection, which is closed with it. */
export class ConnectionDuplex extends Duplex {
  readonly #connection: Connection;
  #reading = false;
  #waiting: (() => void)[] = [];

  constructor(connection: Connection) {
    super({
      readableHighWaterMark: 64 * 1024,
      writableHighWaterMark: WAITING_OUTPUT,
      allowHalfOpen: false,
    });
    this.#connection = connection;
    // Never from inside of a callback of node:http2, which does not survive it.
    const onClosed = () => void setImmediate(() => this.destroy());
    connection.closed.addEventListener("abort", onClosed, { once: true });
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.#receive();
  }

  /**
   * Resolves when little waits for the peer, or when it has gone. `node:http2`
   * puts out whatever the peer's windows allow, and the peer chooses those.
   */
  async taken(): Promise<void> {
    while (
      !this.destroyed &&
      this.writableLength + this.#connection.buffered > WAITING_OUTPUT
    ) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  override _write(
    chunk: Uint8Array<ArrayBuffer>,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    this.#connection.write(chunk);
    releasePiece(chunk);
    if (this.#connection.buffered <= WAITING_OUTPUT) this.#written(callback);
    else this.#whenDrained().then(() => this.#written(callback));
  }

  override _writev(
    chunks: { chunk: Uint8Array<ArrayBuffer> }[],
    callback: (error?: Error | null) => void,
  ): void {
    this.#writeAll(chunks.map(({ chunk }) => chunk))
      .then(() => this.#written(callback));
  }

  override _destroy(
    error: Error | null,
    callback: (error?: Error | null) => void,
  ): void {
    this.#wake();
    this.#connection.close().then(() => callback(error));
  }

  async #writeAll(chunks: Uint8Array<ArrayBuffer>[]): Promise<void> {
    for (let first = 0; first < chunks.length;) {
      let size = chunks[first].length;
      let end = first + 1;
      while (end < chunks.length && size + chunks[end].length <= JOINED) {
        size += chunks[end++].length;
      }
      if (end === first + 1) this.#connection.write(chunks[first]);
      else this.#connection.write(join(chunks.slice(first, end)));
      for (const chunk of chunks.slice(first, end)) releasePiece(chunk);
      if (this.#connection.buffered > WAITING_OUTPUT) await this.#whenDrained();
      first = end;
    }
  }

  #whenDrained(): Promise<void> {
    return this.#connection.drained(WAITING_OUTPUT / 2);
  }

  #written(callback: (error?: Error | null) => void): void {
    callback();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /**
   * The bytes are the connection's again at its next read. As long as they are
   * taken at once, which is what `node:http2` does with them, they need not be
   * copied. False: no more for now.
   */
  #deliver(bytes: Uint8Array): boolean {
    if (this.readableFlowing && this.readableLength === 0) {
      this.emit("data", bytes);
      return true;
    }
    return this.push(Buffer.from(bytes));
  }

  async #receive(): Promise<void> {
    try {
      let more = true;
      while (more && !this.destroyed) {
        const bytes = await this.#connection.read();
        if (bytes === undefined) {
          this.push(null);
          return;
        }
        more = this.#deliver(bytes);
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#reading = false;
    }
  }
}

/** Encrypting takes the bytes at once, so one buffer serves all connections. */
const joined = new Uint8Array(JOINED);

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) {
    joined.set(chunk, length);
    length += chunk.length;
  }
  return joined.subarray(0, length);
}
