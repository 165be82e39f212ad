/**
 * A connection whose first bytes were looked at.
 *
 * @module
 */

import type { Connection } from "./connection.ts";

/** Passes everything on, and gives out the bytes that were looked at first. */
export class PeekedConnection implements Connection {
  readonly #inner: Connection;
  /** The first read, until it is used. */
  #first: Promise<Uint8Array | undefined> | undefined;
  /** What is left of it; valid until the next read of `#inner`. */
  #rest: Uint8Array | undefined;

  constructor(inner: Connection) {
    this.#inner = inner;
  }

  /**
   * The first bytes, or `undefined` when none came within `timeoutMs`, or at
   * the end. To be called once, before any read.
   */
  async peek(timeoutMs: number): Promise<Uint8Array | undefined> {
    const first = this.#first = this.#inner.read();
    // Whoever reads is told of an error.
    const settled = first.catch(() => undefined);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
    try {
      return await Promise.race([settled, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async read(): Promise<Uint8Array | undefined> {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    const first = this.#first;
    if (first === undefined) return await this.#inner.read();
    this.#first = undefined;
    return await first;
  }

  async readFull(buffer: Uint8Array): Promise<boolean> {
    let filled = 0;
    while (this.#first !== undefined || this.#rest !== undefined) {
      if (filled === buffer.length) return true;
      const bytes = await this.read();
      if (bytes === undefined) return false;
      const part = bytes.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (part.length < bytes.length) this.#rest = bytes.subarray(part.length);
    }
    return await this.#inner.readFull(buffer.subarray(filled));
  }

  get alpn(): string | undefined {
    return this.#inner.alpn;
  }

  get serverName(): string | undefined {
    return this.#inner.serverName;
  }

  get sessionId(): Uint8Array {
    return this.#inner.sessionId;
  }

  get peerCertificates(): readonly Uint8Array[] {
    return this.#inner.peerCertificates;
  }

  get buffered(): number {
    return this.#inner.buffered;
  }

  get open(): boolean {
    return this.#inner.open;
  }

  get closed(): AbortSignal {
    return this.#inner.closed;
  }

  write(bytes: Uint8Array): void {
    this.#inner.write(bytes);
  }

  drained(limit?: number): Promise<void> {
    return this.#inner.drained(limit);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  abort(): void {
    this.#inner.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
