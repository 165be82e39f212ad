/**
 * Reports to one directory: registers, tells that the relay is there as often
 * as the directory likes, and takes leave.
 *
 * ```text
 *             ┌────────── unknown ──────────┐
 *             ▼                             │
 *  register ──┴─ receipt ─▶ heartbeat ──────┴─ 401 ─▶ stopped for good
 *     ▲                          │
 *     └── later, unreachable ◀───┘  (after Retry-After, or growing pauses)
 * ```
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import type { Identity } from "../../relay/identity/mod.ts";
import {
  type CoreAddress,
  formatCoreAddress,
} from "../../tunnel/core_address.ts";
import type { Receipt } from "../api/mod.ts";
import {
  DirectoryClient,
  DirectoryError,
  type Signing,
} from "../client/mod.ts";
import type { SignedDescriptor } from "../descriptor/mod.ts";
import type { HeartbeatNumbers } from "../protocol/mod.ts";
import type { DescriptorSource } from "./descriptor_source.ts";
import type { HeartbeatState } from "./state.ts";

/** What reporters share. */
export interface ReporterParts {
  readonly identity: Identity;
  readonly state: HeartbeatState;
  readonly source: DescriptorSource;
  /** Random, of this run of the relay. */
  readonly instance: Uint8Array;
  readonly numbers: () => HeartbeatNumbers;
  /** Told what is no fault of the directory. Must not throw. */
  readonly onError: (error: unknown) => void;
  readonly times: ReporterTimes;
}

/** Pauses, ms. */
export interface ReporterTimes {
  /** Before the first request: up to this. */
  readonly firstMs: number;
  /** First pause after a failure; it doubles up to `longestMs`. */
  readonly retryMs: number;
  readonly longestMs: number;
  /** Shortest time between two reports. */
  readonly leastMs: number;
  /** After a change, up to this. */
  readonly changeMs: number;
}

/** Pauses unless others are asked for. */
export const TIMES: ReporterTimes = {
  firstMs: 5_000,
  retryMs: 30_000,
  longestMs: 3_600_000,
  leastMs: 10_000,
  changeMs: 5_000,
};

/** How it stands with a directory. */
export interface ReporterStatus {
  readonly address: CoreAddress;
  /** Of the last answer. */
  readonly receipt?: Receipt;
  /** Why the last request failed, and since when requests do: ms since 1970. */
  readonly failure?: DirectoryError;
  readonly failingSince?: number;
  /** It said not to come back, in these words. */
  readonly stopped?: string;
  /** Nobody outside can reach the relay yet, so there is nothing to say. */
  readonly waiting: boolean;
}

const MAX_WAIT_MS = 7 * 86_400_000;
/** Looks for something to say come as often, ms. */
const WAITING_MS = 15_000;

/** See the module. */
export class Reporter {
  readonly #address: CoreAddress;
  readonly #name: string;
  readonly #parts: ReporterParts;
  readonly #leaving: boolean;
  readonly #stopping = new AbortController();
  #status: ReporterStatus;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;
  #sent: SignedDescriptor | undefined;
  /** Cuts a pause short that a change may cut short. */
  #wake: (() => void) | undefined;

  /** `leaving`: takes leave, and is done. */
  constructor(
    address: CoreAddress,
    parts: ReporterParts,
    { leaving = false }: { readonly leaving?: boolean } = {},
  ) {
    this.#address = address;
    this.#name = formatCoreAddress(address);
    this.#parts = parts;
    this.#leaving = leaving;
    const { stopped } = parts.state.find(this.#name) ?? {};
    this.#status = { address, stopped, waiting: false };
  }

  get status(): ReporterStatus {
    return this.#status;
  }

  start(): void {
    this.#running = this.#run().catch((error) => {
      if (!this.#stopping.signal.aborted) this.#parts.onError(error);
    });
  }

  /** What the relay says has changed. */
  changed(): void {
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    if (this.#status.stopped !== undefined) {
      if (this.#leaving) await this.#parts.state.forget(this.#name);
      return;
    }
    const { times } = this.#parts;
    await this.#pause(times.firstMs * Math.random());
    for (;;) {
      const { waitMs, firm } = await this.#turn();
      if (waitMs === undefined) return;
      await this.#pause(Math.min(waitMs, MAX_WAIT_MS), { firm });
    }
  }

  /** One request. How long to wait then: `firm`, whatever changes. */
  async #turn(): Promise<{ waitMs?: number; firm?: boolean }> {
    const { signal } = this.#stopping;
    await using client = new DirectoryClient(this.#address, { signal });
    try {
      return this.#leaving
        ? await this.#takeLeave(client)
        : await this.#report(client);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DirectoryError) return await this.#failed(error);
      // Most likely the disk, which will be well again, or not.
      this.#parts.onError(error);
      return { waitMs: this.#backOff(), firm: true };
    }
  }

  async #takeLeave(client: DirectoryClient): Promise<{ waitMs?: number }> {
    const { state } = this.#parts;
    if (state.find(this.#name)?.registered) {
      const now = Math.floor(Date.now() / 1000);
      await client.leave(now, await this.#signing());
    }
    await state.forget(this.#name);
    return {};
  }

  async #report(client: DirectoryClient): Promise<{ waitMs?: number }> {
    const { source, state, numbers, times } = this.#parts;
    const signed = await source.current();
    this.#status = { ...this.#status, waiting: signed === undefined };
    if (signed === undefined) return { waitMs: WAITING_MS };
    const isKnown = state.find(this.#name)?.registered === true;
    const { full } = signed.descriptor;
    const descriptor = signed === this.#sent ? undefined : signed;
    const receipt = isKnown
      ? await client.heartbeat(
        { descriptor, full, numbers: numbers() },
        await this.#signing(),
      )
      : await client.register(signed, await this.#signing());
    this.#sent = signed;
    this.#failures = 0;
    this.#status = { address: this.#address, receipt, waiting: false };
    if (!isKnown) await state.set({ address: this.#name, registered: true });
    const told = Math.max(receipt.nextSeconds * 1000, times.leastMs);
    return { waitMs: told * (1 + 0.1 * Math.random()) };
  }

  async #failed(
    error: DirectoryError,
  ): Promise<{ waitMs?: number; firm?: boolean }> {
    const { state, source, onError } = this.#parts;
    const { failingSince = Date.now() } = this.#status;
    this.#status = { ...this.#status, failure: error, failingSince };
    const waitMs = this.#waitAfter(error);
    switch (error.kind) {
      case "stop":
        this.#status = { ...this.#status, stopped: error.message };
        if (this.#leaving) await state.forget(this.#name);
        else {
          await state.set({
            address: this.#name,
            registered: false,
            stopped: error.message,
          });
        }
        return {};
      case "unknown":
        this.#sent = undefined;
        if (this.#leaving) {
          await state.forget(this.#name);
          return {};
        }
        await state.set({ address: this.#name, registered: false });
        break;
      case "stale":
        this.#sent = undefined;
        if (await state.raise(error.sequence ?? 0)) source.drop();
        else onError(error);
        break;
    }
    // Both are mended by the next request; the first time it comes soon.
    const soon = this.#failures === 1 &&
      (error.kind === "unknown" || error.kind === "stale");
    return { waitMs: soon ? Math.min(waitMs, 1000) : waitMs, firm: true };
  }

  /** Never before the directory wants it; else in growing pauses. */
  #waitAfter({ retryAfterSeconds }: DirectoryError): number {
    const pause = this.#backOff();
    return retryAfterSeconds === undefined
      ? pause
      : retryAfterSeconds * 1000 * (1 + 0.1 * Math.random());
  }

  #backOff(): number {
    const { retryMs, longestMs } = this.#parts.times;
    const pause = Math.min(retryMs * 2 ** this.#failures++, longestMs);
    return pause * (0.5 + 0.5 * Math.random());
  }

  async #signing(): Promise<Signing> {
    const { identity, instance, state } = this.#parts;
    return { identity, instance, sequence: await state.nextRequest() };
  }

  async #pause(ms: number, { firm = false } = {}): Promise<void> {
    const { signal } = this.#stopping;
    const woken = new AbortController();
    if (!firm) this.#wake = () => woken.abort();
    try {
      await delay(ms, undefined, {
        signal: AbortSignal.any([signal, woken.signal]),
      });
    } catch {
      signal.throwIfAborted();
      this.#wake = undefined;
      const { changeMs } = this.#parts.times;
      await delay(changeMs * Math.random(), undefined, { signal });
    } finally {
      this.#wake = undefined;
    }
  }
}
