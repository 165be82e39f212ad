/**
 * The relay's side of directories: it is listed where its owner wants it.
 *
 * @module
 */

import type { PartStatus } from "../../relay/control/mod.ts";
import type { Identity } from "../../relay/identity/mod.ts";
import {
  type CoreAddress,
  formatCoreAddress,
  parseCoreAddress,
} from "../../tunnel/core_address.ts";
import { type HeartbeatNumbers, INSTANCE_SIZE } from "../protocol/mod.ts";
import { DescriptorSource, type Statement } from "./descriptor_source.ts";
import {
  Reporter,
  type ReporterStatus,
  type ReporterTimes,
  TIMES,
} from "./reporter.ts";
import { HeartbeatState } from "./state.ts";
import { describeDirectories } from "./words.ts";

/** What the reports are made of. */
export interface HeartbeatOptions {
  readonly identity: Identity;
  /** File that keeps what the relay remembers. */
  readonly file: string;
  /** Where to be listed; where the relay was and is not here, it takes leave. */
  readonly directories: readonly CoreAddress[];
  /** What to say; undefined while nobody outside can reach the relay. */
  readonly statement: () => Statement | undefined;
  /** Rounded. */
  readonly numbers: () => HeartbeatNumbers;
  /** Must not throw. */
  readonly onError: (error: unknown) => void;
  /** For tests. */
  readonly times?: Partial<ReporterTimes>;
}

/** Between two looks whether what the relay says has changed, ms. */
const LOOK_MS = 5_000;

/** See the module. */
export class Heartbeat implements AsyncDisposable {
  readonly #reporters: readonly Reporter[];
  readonly #leaving: readonly Reporter[];
  readonly #source: DescriptorSource;
  readonly #onError: (error: unknown) => void;
  #look: ReturnType<typeof setInterval> | undefined;

  private constructor(options: HeartbeatOptions, state: HeartbeatState) {
    const { identity, directories, onError } = options;
    this.#onError = onError;
    this.#source = new DescriptorSource({ ...options, state });
    const parts = {
      identity,
      state,
      source: this.#source,
      instance: crypto.getRandomValues(new Uint8Array(INSTANCE_SIZE)),
      numbers: options.numbers,
      onError,
      times: { ...TIMES, ...options.times },
    };
    this.#reporters = directories.map((each) => new Reporter(each, parts));
    const wanted = new Set(directories.map(formatCoreAddress));
    this.#leaving = state.directories
      .filter(({ address }) => !wanted.has(address))
      .map(({ address }) =>
        new Reporter(parseCoreAddress(address), parts, { leaving: true })
      );
  }

  /** Reads what the relay remembers; nothing is sent yet. */
  static async open(options: HeartbeatOptions): Promise<Heartbeat> {
    const state = await HeartbeatState.read(options.file);
    return new Heartbeat(options, state);
  }

  /** Begins to report. */
  start(): void {
    for (const each of [...this.#reporters, ...this.#leaving]) each.start();
    if (this.#reporters.length === 0) return;
    this.#look = setInterval(() => this.changed(), LOOK_MS);
  }

  /** Tells directories soon, if what the relay says has changed. */
  changed(): void {
    try {
      if (!this.#source.isStale) return;
    } catch (error) {
      this.#onError(error);
      return;
    }
    for (const each of this.#reporters) each.changed();
  }

  /** How it stands with each directory. */
  get status(): readonly ReporterStatus[] {
    return this.#reporters.map(({ status }) => status);
  }

  /** The same for the owner; undefined where the relay is not to be listed. */
  part(): PartStatus | undefined {
    return this.#reporters.length === 0
      ? undefined
      : describeDirectories(this.status, Date.now());
  }

  /** Says nothing: a relay that is restarted has not left. */
  async stop(): Promise<void> {
    clearInterval(this.#look);
    await Promise.all(
      [...this.#reporters, ...this.#leaving].map((each) => each.stop()),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
