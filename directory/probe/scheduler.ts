/**
 * Probes all relays again and again: at random times, so that none can be
 * there for its probes only, and few at a time.
 *
 * @module
 */

import type { Descriptor } from "../descriptor/mod.ts";
import type { ProbeOutcome, Registry, RelayRecord } from "../registry/mod.ts";
import { examine } from "./examine.ts";
import { Outage } from "./outage.ts";

/** Options of {@link ProbeScheduler}. */
export interface ProbeSchedulerOptions {
  readonly registry: Registry;
  /** Probes at a time. */
  readonly atOnce: number;
  /** Time between two probes of a relay on average, ms. */
  readonly intervalMs: number;
  /** Time for each wait of a probe, ms. */
  readonly timeoutMs: number;
  readonly allowLocal?: boolean;
  /** Told of faults of the program; must not throw. */
  readonly onError: (error: unknown) => void;
  /** How often is looked which relays are due, ms. */
  readonly tickMs?: number;
  /** What probes; for tests. */
  readonly examine?: typeof examine;
}

/** Numbers since the start. */
export interface ProbeCounts {
  readonly done: number;
  readonly failed: number;
  /** Failures that were passed over, as the directory itself was cut off. */
  readonly passedOver: number;
  readonly running: number;
}

const TICK_MS = 1_000;
/** After a failure the next probe comes this much sooner. */
const AFTER_FAILURE = 1 / 6;
/** Dead relays are probed this much less often. */
const DEAD = 6;
/** Time until the first probe of a relay at most, ms. */
const FIRST_MS = 60_000;
/** Time to greet a relay that wants to be listed, ms. */
const CALLBACK_MS = 30_000;
/** Waits of one probe are at most so many. */
const MAX_WAITS = 12;

/** See the module. */
export class ProbeScheduler implements AsyncDisposable {
  readonly #options: ProbeSchedulerOptions;
  readonly #outage = new Outage();
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  /** When a probe of each was counted, ms of the clock that is never set. */
  readonly #countedAt = new Map<string, number>();
  /** When each is due, on the same clock. */
  readonly #due = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #done = 0;
  #failed = 0;
  #passedOver = 0;

  constructor(options: ProbeSchedulerOptions) {
    this.#options = options;
  }

  /** Begins. */
  start(): void {
    const ms = this.#options.tickMs ?? TICK_MS;
    this.#timer ??= setInterval(() => this.#tick(), ms);
  }

  counts(): ProbeCounts {
    return {
      done: this.#done,
      failed: this.#failed,
      passedOver: this.#passedOver,
      running: this.#running.size,
    };
  }

  /** Greets a relay that wants to be listed; nothing is noted. */
  async callBack(descriptor: Descriptor): Promise<ProbeOutcome> {
    return await this.#examine(descriptor, {
      full: false,
      ms: CALLBACK_MS,
    });
  }

  /** Probes this relay soon. */
  hasten(record: RelayRecord): void {
    this.#due.set(record.key, performance.now());
  }

  /** Probes this relay now; resolves when it is noted. */
  probe(record: RelayRecord): Promise<void> {
    const running = this.#running.get(record.key);
    if (running !== undefined) return running;
    const probing = this.#probe(record).catch((error) => {
      if (!this.#stopping.signal.aborted) this.#options.onError(error);
    }).finally(() => this.#running.delete(record.key));
    this.#running.set(record.key, probing);
    return probing;
  }

  /** Breaks off what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #tick(): void {
    const { registry, atOnce } = this.#options;
    const now = performance.now();
    let room = atOnce - this.#running.size;
    const due: { record: RelayRecord; at: number }[] = [];
    for (const record of registry.all()) {
      let at = this.#due.get(record.key);
      if (at === undefined) {
        at = now + Math.random() * this.#firstMs(record);
        this.#due.set(record.key, at);
      }
      if (at <= now && this.#isProbed(record)) due.push({ record, at });
    }
    if (this.#due.size > 2 * registry.size + 100) this.#forget();
    due.sort((a, b) => a.at - b.at);
    for (const { record } of due) {
      if (room <= 0) break;
      if (this.#running.has(record.key)) continue;
      room--;
      void this.probe(record);
    }
  }

  async #probe(record: RelayRecord): Promise<void> {
    const outcome = await this.#examine(record.signed.descriptor, {
      full: true,
      ms: this.#options.timeoutMs * MAX_WAITS,
    });
    const worked = outcome.milliseconds !== undefined;
    this.#done++;
    if (!worked) this.#failed++;
    const established = record.standing === "established";
    this.#outage.note(record.key, { worked, established });
    if (!worked && this.#outage.suspected) this.#passedOver++;
    else {
      const again = this.#isAgain(record);
      this.#options.registry.noteProbe(record, { ...outcome, again });
    }
    this.#due.set(record.key, performance.now() + this.#pause(record, worked));
  }

  /** Whether it came soon after another one, which had failed. */
  #isAgain({ key, failingSince }: RelayRecord): boolean {
    const now = performance.now();
    const since = now - (this.#countedAt.get(key) ?? -Infinity);
    if (failingSince !== 0 && since < this.#options.intervalMs / 2) return true;
    this.#countedAt.set(key, now);
    return false;
  }

  async #examine(
    descriptor: Descriptor,
    { full, ms }: { full: boolean; ms: number },
  ): Promise<ProbeOutcome> {
    const { allowLocal, timeoutMs } = this.#options;
    const late = AbortSignal.timeout(ms);
    const signal = AbortSignal.any([this.#stopping.signal, late]);
    try {
      return await (this.#options.examine ?? examine)(descriptor, {
        allowLocal,
        timeoutMs,
        full,
        signal,
      });
    } catch (error) {
      if (this.#stopping.signal.aborted || !late.aborted) throw error;
      return {
        milliseconds: undefined,
        failure: { text: "The probe took too long." },
      };
    }
  }

  #isProbed({ standing }: RelayRecord): boolean {
    return standing !== "left" && standing !== "banned";
  }

  #pause({ standing }: RelayRecord, worked: boolean): number {
    const chance = 0.5 + Math.random();
    const factor = standing === "dead" ? DEAD : worked ? 1 : AFTER_FAILURE;
    return this.#options.intervalMs * factor * chance;
  }

  /** After a start, those that are known are spread over the interval. */
  #firstMs({ standing }: RelayRecord): number {
    const { intervalMs } = this.#options;
    return standing === "new" ? Math.min(FIRST_MS, intervalMs) : intervalMs;
  }

  #forget(): void {
    for (const key of this.#due.keys()) {
      if (this.#options.registry.find(key) !== undefined) continue;
      this.#due.delete(key);
      this.#countedAt.delete(key);
    }
  }
}
