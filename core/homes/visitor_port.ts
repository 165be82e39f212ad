/**
 * The port of one home at the core: whoever connects is carried to the home.
 *
 * @module
 */

import { openSockets } from "../../relay/transport/mod.ts";
import { hostName } from "./networks.ts";
import { type HomeStream, Pipe } from "./pipe.ts";
import type { RateLimit } from "./rate_limit.ts";

/** Pause after the system has refused to accept, ms. */
const ACCEPT_PAUSE_MS = 100;
/** Share of all visits that one machine may have, and the least of them. */
const MACHINE_SHARE = 1 / 4;
const LEAST_OF_MACHINE = 16;

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
  readonly open: (address: string) => HomeStream | undefined;
}

/** Listens on one port from its making to `stop`. */
export class VisitorPort implements AsyncDisposable {
  readonly #options: VisitorPortOptions;
  readonly #sockets: readonly Deno.TcpListener[];
  readonly #loops: Promise<void>[];
  readonly #visits = new Set<Pipe>();
  /** Visits by machine, only while they are there. */
  readonly #machines = new Map<string, number>();
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

  /** Accepts nothing more; resolves when the visits that are there are over. */
  async drain(): Promise<void> {
    this.#refuse();
    await Promise.all(Array.from(this.#visits, ({ done }) => done));
  }

  /** Accepts nothing more, and ends all visits. */
  async stop(): Promise<void> {
    this.#refuse();
    for (const visit of this.#visits) visit.close();
    await Promise.all([
      ...this.#loops,
      ...Array.from(this.#visits, ({ done }) => done),
    ]);
  }

  #refuse(): void {
    this.#stopping = true;
    for (const socket of this.#sockets) closeQuietly(socket);
    for (const wake of this.#pauses) wake();
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
    const { maxVisitors, open, rate } = this.#options;
    const address = visitor.remoteAddr.hostname;
    const machine = hostName(address);
    const others = this.#machines.get(machine) ?? 0;
    const share = Math.max(LEAST_OF_MACHINE, maxVisitors * MACHINE_SHARE);
    const full = this.#stopping || this.#visits.size >= maxVisitors ||
      others >= share;
    const home = full ? undefined : open(address);
    if (home === undefined) {
      closeQuietly(visitor);
      return;
    }
    try {
      visitor.setNoDelay(true);
      visitor.setKeepAlive(true);
    } catch {
      // It is gone already, which the visit finds out.
    }
    this.#machines.set(machine, others + 1);
    const visit = new Pipe(visitor, home, rate);
    this.#visits.add(visit);
    void visit.done.then(() => {
      this.#visits.delete(visit);
      const left = (this.#machines.get(machine) ?? 1) - 1;
      if (left > 0) this.#machines.set(machine, left);
      else this.#machines.delete(machine);
    });
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
