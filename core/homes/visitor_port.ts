/**
 * The port of one home at the core: whoever connects is carried to the home.
 *
 * @module
 */

import { openSockets } from "../../relay/transport/mod.ts";
import type { MuxStream } from "../../tunnel/mux/mod.ts";
import { pipe, type VisitorSocket } from "./pipe.ts";
import type { RateLimit } from "./rate_limit.ts";

/** Pause after the system has refused to accept, ms. */
const ACCEPT_PAUSE_MS = 100;
/** TCP connections of one address at a time. */
const MAX_OF_ADDRESS = 64;

/** Options of {@link VisitorPort}. */
export interface VisitorPortOptions {
  readonly port: number;
  /** Bytes a second of all visitors together. */
  readonly rate: RateLimit;
  /** Visitors at a time. */
  readonly maxVisitors: number;
  /**
   * Opens a stream to the home for a visitor from this address; `undefined`
   * when the home is not there.
   */
  readonly open: (address: string) => MuxStream | undefined;
}

/** Listens on one port from its making to `stop`. */
export class VisitorPort implements AsyncDisposable {
  readonly #options: VisitorPortOptions;
  readonly #sockets: readonly Deno.TcpListener[];
  readonly #loops: Promise<void>[];
  readonly #visits = new Map<VisitorSocket, Promise<void>>();
  /** Visitors by address, only while they are there. */
  readonly #addresses = new Map<string, number>();
  readonly #pauses = new Set<() => void>();
  #stopping = false;

  /** @throws {TlsError} `config` when the port is taken */
  constructor(options: VisitorPortOptions) {
    this.#options = options;
    this.#sockets = openSockets([{ port: options.port }]);
    this.#loops = this.#sockets.map((socket) => this.#accept(socket));
  }

  /** Visitors that are there. */
  get visitors(): number {
    return this.#visits.size;
  }

  /** Accepts nothing more, and ends all visits. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const socket of this.#sockets) closeQuietly(socket);
    for (const wake of this.#pauses) wake();
    for (const visitor of this.#visits.keys()) closeQuietly(visitor);
    await Promise.all([...this.#loops, ...this.#visits.values()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #accept(socket: Deno.TcpListener): Promise<void> {
    while (!this.#stopping) {
      let visitor: Deno.TcpConn;
      try {
        visitor = await socket.accept();
      } catch {
        if (this.#stopping) return;
        await this.#pause();
        continue;
      }
      this.#admit(visitor);
    }
  }

  #admit(visitor: Deno.TcpConn): void {
    const address = visitor.remoteAddr.hostname;
    const others = this.#addresses.get(address) ?? 0;
    const full = this.#visits.size >= this.#options.maxVisitors ||
      others >= MAX_OF_ADDRESS;
    const stream = full ? undefined : this.#options.open(address);
    if (stream === undefined) {
      closeQuietly(visitor);
      return;
    }
    this.#addresses.set(address, others + 1);
    visitor.setNoDelay(true);
    visitor.setKeepAlive(true);
    const visit = pipe(visitor, stream, this.#options.rate).finally(() => {
      this.#visits.delete(visitor);
      const left = (this.#addresses.get(address) ?? 1) - 1;
      if (left > 0) this.#addresses.set(address, left);
      else this.#addresses.delete(address);
    });
    this.#visits.set(visitor, visit);
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pauses.add(resolve);
    const timer = setTimeout(resolve, ACCEPT_PAUSE_MS);
    await promise;
    clearTimeout(timer);
    this.#pauses.delete(resolve);
  }
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It was closed before.
  }
}
