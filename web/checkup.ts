/**
 * The doctor's findings, as the page asks for them: those about this machine
 * now and then, all of them when the owner wants.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import type { Config } from "../config/mod.ts";
import {
  allChecks,
  type Check,
  examine,
  type Finding,
  machineAt,
  viewRelay,
} from "../doctor/mod.ts";

/** How old findings about the machine may be, in ms. */
const FRESH_MS = 10 * 60_000;

/** Room on the disk of the data directory, in bytes. */
export interface DiskRoom {
  readonly free: number;
  readonly total: number;
}

/** Findings, and when they were made. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly at: Date;
}

/** What the doctor needs to know. */
export interface CheckupOptions {
  /** The settings as they are now, and what is wrong with them. */
  readonly settings: () => {
    readonly config: Config;
    readonly problems: readonly string[];
  };
  /** Where the settings are. */
  readonly file: string;
}

/** Asks the doctor, one question at a time. */
export class Checkup {
  readonly #options: CheckupOptions;
  #machine: Report | undefined;
  #all: Report | undefined;
  #runningMachine: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: CheckupOptions) {
    this.#options = options;
  }

  /** What was found last by looking at all. */
  get last(): Report | undefined {
    return this.#all;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Begins to look at all; what it found is {@link last} then. */
  start(): void {
    this.#running ??= this.#examine(allChecks).then((report) => {
      this.#all = report;
      this.#running = undefined;
    });
  }

  /** Waits for what runs. */
  async settled(): Promise<void> {
    await Promise.all([this.#running, this.#runningMachine]);
  }

  /**
   * How disk, card, clock and memory are. Answers with what is known; looks
   * again meanwhile if that is old.
   */
  async machine(waitMs: number): Promise<Report | undefined> {
    const age = Date.now() - (this.#machine?.at.getTime() ?? 0);
    if (age > FRESH_MS) {
      this.#runningMachine ??= this.#examine(
        allChecks.filter(({ group }) => group === "This machine"),
      ).then((report) => {
        this.#machine = report;
        this.#runningMachine = undefined;
      });
    }
    if (this.#machine === undefined && this.#runningMachine !== undefined) {
      await within(this.#runningMachine, waitMs);
    }
    return this.#machine;
  }

  /** Room on the disk; `undefined` where it cannot be asked. */
  async room(): Promise<DiskRoom | undefined> {
    try {
      const { directory } = this.#options.settings().config.data;
      const { bavail, blocks, bsize } = await statfs(directory);
      return { free: bavail * bsize, total: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  async #examine(checks: readonly Check[]): Promise<Report> {
    const { config, problems } = this.#options.settings();
    const findings = await examine(checks, {
      config,
      configFile: this.#options.file,
      configProblems: problems,
      relay: await viewRelay(config.control.socket),
      machine: machineAt(),
      now: new Date(),
    });
    return { findings, at: new Date() };
  }
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([promise, late.promise]);
  clearTimeout(timer);
}
