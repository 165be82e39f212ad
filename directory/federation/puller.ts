/**
 * Asks other directories, again and again, what is new.
 *
 * @module
 */

import { formatCoreAddress } from "../../tunnel/core_address.ts";
import type { CoreAddress } from "../../tunnel/core_address.ts";
import { DirectoryClient, DirectoryError } from "../client/mod.ts";
import type { Registry } from "../registry/mod.ts";
import { merge, type MergeCounts } from "./merge.ts";

/** Options of {@link Puller}. */
export interface PullerOptions {
  readonly registry: Registry;
  /** Of the other directories. */
  readonly peers: readonly CoreAddress[];
  /** Relays that may be known because others told of them. */
  readonly maxHeard: number;
  /** Time between two pulls on average, ms. */
  readonly intervalMs: number;
  /** Told of faults of the program; must not throw. */
  readonly onError: (error: unknown) => void;
}

/** How another directory is. */
export interface PeerStatus extends MergeCounts {
  readonly address: string;
  /** When it answered last, ms since 1970. */
  readonly at?: number;
  /** Why it did not, the last time. */
  readonly problem?: string;
}

/** Pages in one go; the rest comes with the next. */
const MAX_PAGES = 500;
/** The longest pause after failures, as a multiple of the interval. */
const MAX_BACK_OFF = 8;

/** See the module. */
export class Puller implements AsyncDisposable {
  readonly #options: PullerOptions;
  readonly #stopping = new AbortController();
  readonly #status = new Map<string, PeerStatus>();
  #pulling: Promise<void>[] = [];

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Begins. */
  start(): void {
    this.#pulling = this.#options.peers.map((peer) => this.#keepPulling(peer));
  }

  /** How the other directories are. */
  status(): PeerStatus[] {
    return this.#options.peers.map((peer) => this.#statusOf(peer));
  }

  /**
   * Pulls what is new from one directory.
   *
   * @throws {DirectoryError}
   */
  async pull(peer: CoreAddress): Promise<void> {
    const { registry } = this.#options;
    const { signal } = this.#stopping;
    await using client = new DirectoryClient(peer, { signal });
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const cursor = registry.peerCursor(peer.fingerprint);
      const page = await client.sync(cursor);
      const before = this.#statusOf(peer);
      const counts = merge(page, {
        registry,
        directory: peer.fingerprint,
        room: this.#room(),
      });
      registry.savePeerCursor(peer.fingerprint, page.cursor.slice(0, 64));
      this.#note(peer, {
        problem: undefined,
        at: Date.now(),
        added: before.added + counts.added,
        renewed: before.renewed + counts.renewed,
        measurements: before.measurements + counts.measurements,
        refused: before.refused + counts.refused,
      });
      if (!page.more || page.cursor === cursor) return;
    }
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#pulling);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #keepPulling(peer: CoreAddress): Promise<void> {
    const { intervalMs, onError } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.pull(peer);
        failures = 0;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        failures++;
        if (!(error instanceof DirectoryError)) onError(error);
        const problem = error instanceof Error ? error.message : String(error);
        this.#note(peer, { problem });
      }
      const factor = Math.min(2 ** failures, MAX_BACK_OFF);
      await this.#pause(intervalMs * factor * (0.5 + Math.random()));
    }
  }

  #note(peer: CoreAddress, news: Partial<PeerStatus>): void {
    const before = this.#statusOf(peer);
    this.#status.set(before.address, { ...before, ...news });
  }

  #statusOf(peer: CoreAddress): PeerStatus {
    const address = formatCoreAddress(peer);
    return this.#status.get(address) ?? {
      address,
      added: 0,
      renewed: 0,
      measurements: 0,
      refused: 0,
    };
  }

  #room(): number {
    let heard = 0;
    for (const record of this.#options.registry.all()) {
      if (!record.registered) heard++;
    }
    return Math.max(0, this.#options.maxHeard - heard);
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { signal } = this.#stopping;
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => resolve(), { once: true });
    return promise.finally(() => clearTimeout(timer));
  }
}
