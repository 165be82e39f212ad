/**
 * A connection whose reader can stop reading.
 *
 * @module
 */

import type { Connection } from "../../relay/transport/mod.ts";

/** Passes everything on to the connection under it, reads only when allowed. */
export class PausedConnection implements Connection {
  readonly #inner: Connection;
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(inner: Connection) {
    this.#inner = inner;
  }

  /** From now on nothing is read, save what a read under way still gets. */
  pause(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#open = resolve;
  }

  /** Reads again. */
  resume(): void {
    this.#gate = undefined;
    this.#open?.();
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

  async read(): Promise<Uint8Array | undefined> {
    await this.#gate;
    return await this.#inner.read();
  }

  async readFull(buffer: Uint8Array): Promise<boolean> {
    await this.#gate;
    return await this.#inner.readFull(buffer);
  }

  write(bytes: Uint8Array): void {
    this.#inner.write(bytes);
  }

  drained(limit?: number): Promise<void> {
    return this.#inner.drained(limit);
  }

  close(): Promise<void> {
    this.resume();
    return this.#inner.close();
  }

  abort(): void {
    this.resume();
    this.#inner.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
