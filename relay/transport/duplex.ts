/**
 * A {@link Connection} as a Node stream, for what wants one: HTTP/2.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Connection } from "./connection.ts";

/** A write waits while more ciphertext than this waits for the peer. */
const OUTPUT_LIMIT = 256 * 1024;
/** Bytes that wait to be read and to be encrypted, each. */
const HIGH_WATER_MARK = 64 * 1024;
/** Writes together up to this size share their TLS records. */
const JOINED_WRITE = 64 * 1024;

/**
 * The connection as a stream of bytes. The stream owns it: `end` sends what is
 * written and closes the connection, `destroy` closes it at once, and the
 * stream is destroyed when the connection is closed. What waits in memory is
 * bounded in both directions.
 */
export function connectionDuplex(connection: Connection): Duplex {
  return new ConnectionDuplex(connection);
}

class ConnectionDuplex extends Duplex {
  readonly #connection: Connection;
  #reading = false;
  #wanted = false;
  readonly #onClosed = () => this.destroy();

  constructor(connection: Connection) {
    super({
      allowHalfOpen: true,
      highWaterMark: HIGH_WATER_MARK,
      decodeStrings: true,
    });
    this.#connection = connection;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    const { closed } = this.#connection;
    closed.addEventListener("abort", this.#onClosed, { once: true });
    if (closed.aborted) queueMicrotask(this.#onClosed);
    callback();
  }

  override _read(): void {
    this.#wanted = true;
    if (!this.#reading) void this.#readOn();
  }

  /** Reads until the stream has enough for now. */
  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#wanted && !this.destroyed) {
        const view = await this.#connection.read();
        if (this.destroyed) break;
        if (view === undefined) {
          this.push(null);
          break;
        }
        // The view is the connection's and valid until its next read.
        this.#wanted = this.push(Buffer.from(view));
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#reading = false;
    }
  }

  override _write(
    chunk: Uint8Array,
    _encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    this.#connection.write(chunk);
    this.#afterWrite(callback);
  }

  override _writev(
    writes: { chunk: Uint8Array; encoding: string }[],
    callback: (error?: Error | null) => void,
  ): void {
    const joined: Uint8Array[] = [];
    let size = 0;
    const flush = () => {
      if (size === 0) return;
      this.#connection.write(
        joined.length === 1 ? joined[0] : Buffer.concat(joined, size),
      );
      joined.length = 0;
      size = 0;
    };
    for (const { chunk } of writes) {
      if (size + chunk.length > JOINED_WRITE) flush();
      joined.push(chunk);
      size += chunk.length;
    }
    flush();
    this.#afterWrite(callback);
  }

  #afterWrite(callback: (error?: Error | null) => void): void {
    if (this.#connection.buffered <= OUTPUT_LIMIT) callback();
    else void this.#connection.drained(OUTPUT_LIMIT).then(() => callback());
  }

  override _final(callback: (error?: Error | null) => void): void {
    // Bounded in time by the connection, and it never rejects.
    void this.#connection.close().then(() => callback());
  }

  override _destroy(
    error: Error | null,
    callback: (error?: Error | null) => void,
  ): void {
    this.#connection.closed.removeEventListener("abort", this.#onClosed);
    this.#connection.abort();
    callback(error);
  }
}
