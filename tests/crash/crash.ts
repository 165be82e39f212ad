/**
 * Rounds of load, crash, restart and check on one data directory.
 *
 * @module
 */

import { join } from "node:path";
import { SeededRandom } from "../seeded_random.ts";
import type { Alteration } from "./altered_relay.ts";
import { checkQueues } from "./check.ts";
import { killAtStart, type RunningChild, startChild } from "./child.ts";
import { Fault } from "./fault.ts";
import { checkDatabase, checkFiles } from "./files.ts";
import { Link } from "./link.ts";
import { runLoad } from "./load.ts";
import { cutPower, CUTS } from "./power_cut.ts";
import type { CrashQueue } from "./queue.ts";
import type { RelayOrder } from "./relay_process.ts";

/** `kill -9` alone, or with what a power cut does to the files. */
export type CrashMode = "kill" | "power";

/** What to run. */
export interface CrashOptions {
  readonly mode: CrashMode;
  readonly rounds: number;
  readonly seed: number;
  /** The relay to crash in each round; left out: the usual and the busy one. */
  readonly alteration?: Alteration;
  /** Told after each round. */
  readonly onRound?: (round: number, result: CrashResult) => void;
}

/** What happened. */
export interface CrashResult {
  rounds: number;
  /** Relays that were killed while they started. */
  killedAtStart: number;
  queues: number;
  sends: number;
  /** Messages that were surely in a queue at a crash, summed over crashes. */
  waiting: number;
  /** Messages whose `SEND` or `ACK` was under way at a crash. */
  underWay: number;
  /** Power cuts that took something, the bytes, and the pages torn. */
  cuts: number;
  cutBytes: number;
  tornPages: number;
  /** Each start, in milliseconds. */
  readonly startMs: number[];
  /** What was wrong; the run ends with the round that found it. */
  readonly faults: string[];
}

const QUOTA = 12;

/** In every so many rounds a new relay is interrupted when it first starts. */
const FIRST_STARTS_EVERY = 5;

/** How long clients may take to notice that the relay is gone, in ms. */
const NOTICE_LIMIT = 25_000;

/** Deleted queues that are looked at again. */
const REMEMBERED = 8;

/** Runs the rounds in a directory of their own, which is removed. */
export async function runCrashes(options: CrashOptions): Promise<CrashResult> {
  const parent = await Deno.makeTempDir({ prefix: "porchlight-crash-" });
  try {
    return await new CrashRun(parent, options).run();
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #directory: string;
  readonly #trace: string;
  readonly #random: SeededRandom;
  readonly #result: CrashResult = {
    rounds: 0,
    killedAtStart: 0,
    queues: 0,
    sends: 0,
    waiting: 0,
    underWay: 0,
    cuts: 0,
    cutBytes: 0,
    tornPages: 0,
    startMs: [],
    faults: [],
  };
  #queues: CrashQueue[] = [];
  #fingerprint: string | undefined;
  #broken: unknown;
  #created = 0;
  /** Messages of the queues that are no longer looked at. */
  #forgottenSends = 0;

  constructor(parent: string, options: CrashOptions) {
    this.#options = options;
    this.#directory = join(parent, "data");
    this.#trace = join(parent, "trace");
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<CrashResult> {
    const { rounds, onRound } = this.#options;
    const result = this.#result;
    try {
      await this.#interruptStarts(1);
      for (let round = 1; round <= rounds && this.#good;) {
        await this.#round();
        if (round % FIRST_STARTS_EVERY === 0) await this.#firstStart(round);
        result.rounds = round;
        this.#count();
        onRound?.(round, result);
        round++;
      }
      if (this.#good) await this.#finish();
    } catch (error) {
      this.#report(error);
    }
    this.#count();
    if (this.#broken !== undefined) throw this.#broken;
    return result;
  }

  async #round(): Promise<void> {
    const random = this.#random;
    if (random.below(5) === 0) await this.#interruptStarts(1);
    const relay = await this.#start();
    let alive = true;
    const links: Link[] = [];
    try {
      links.push(await Link.connect(relay));
      checkFiles(this.#directory, { running: true });
      await checkQueues(links[0], this.#queues, {
        drain: () => random.below(3) > 0,
        random,
      });
      this.#forgetDeleted();
      const count = 1 + random.below(4);
      for (let i = 0; i < count; i++) links.push(await Link.connect(relay));
      const lifeMs = 20 + random.below(381);
      const load = runLoad({
        links,
        lifeMs,
        quota: QUOTA,
        queues: this.#queues,
        fork: () => new SeededRandom(random.below(0x7fffffff)),
        newIndex: () => this.#created++,
        report: (error) => this.#report(error),
      });
      await new Promise((resolve) => setTimeout(resolve, lifeMs));
      alive = false;
      try {
        await relay.kill();
      } finally {
        await withinLimit(load);
      }
    } finally {
      if (alive) await relay.kill();
      await Promise.all(links.map((link) => link.close()));
    }
    this.#crashed();
  }

  /** The last start: everything is emptied, then the relay stops in peace. */
  async #finish(): Promise<void> {
    const relay = await this.#start();
    let alive = true;
    try {
      const link = await Link.connect(relay);
      try {
        await checkQueues(link, this.#queues, {
          drain: () => true,
          random: this.#random,
        });
      } finally {
        await link.close();
      }
      alive = false;
      await relay.stop();
    } finally {
      if (alive) await relay.kill();
    }
    checkFiles(this.#directory, { running: false });
    checkDatabase(this.#directory);
  }

  /** A new relay whose very first start is interrupted comes up all the same. */
  async #firstStart(round: number): Promise<void> {
    const order = {
      ...this.#order(),
      directory: `${this.#directory}-${round}`,
    };
    for (let i = this.#random.below(3); i >= 0; i--) {
      await killAtStart(order, 40 + this.#random.below(200));
      this.#result.killedAtStart++;
    }
    const relay = await startChild(order);
    this.#result.startMs.push(relay.startMs);
    await relay.stop();
    checkFiles(order.directory, { running: false });
    checkDatabase(order.directory);
    await Deno.remove(order.directory, { recursive: true });
  }

  async #start(): Promise<RunningChild> {
    const relay = await startChild(this.#order());
    this.#result.startMs.push(relay.startMs);
    const fingerprint = relay.fingerprint.toHex();
    if (this.#fingerprint !== undefined && this.#fingerprint !== fingerprint) {
      await relay.kill();
      throw new Fault("the relay came back as another one");
    }
    this.#fingerprint = fingerprint;
    return relay;
  }

  async #interruptStarts(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await killAtStart(this.#order(), 40 + this.#random.below(260));
      this.#result.killedAtStart++;
      this.#crashed();
    }
  }

  /** How to run the relay this time. */
  #order(): RelayOrder {
    const { mode, alteration } = this.#options;
    const random = this.#random;
    removeIfThere(this.#trace);
    return {
      directory: this.#directory,
      quota: QUOTA,
      syncTrace: this.#trace,
      fsyncDelay: mode === "power" ? 1 + random.below(12) : random.below(6),
      alteration: alteration ?? (random.below(3) === 0 ? "busy" : undefined),
    };
  }

  /** The relay is dead: does what the crash does, and looks at what is left. */
  #crashed(): void {
    const result = this.#result;
    if (this.#options.mode === "power") {
      const kind = CUTS[this.#random.below(CUTS.length)];
      const { unsynced, pages } = cutPower(kind, {
        directory: this.#directory,
        trace: this.#trace,
        random: this.#random,
      });
      if (unsynced > 0) result.cuts++;
      result.cutBytes += unsynced;
      result.tornPages += pages;
    }
    checkDatabase(this.#directory);
    for (const queue of this.#queues) {
      const { sure, unsure } = queue.ledger.counts;
      result.waiting += sure;
      result.underWay += unsure;
      queue.restarted();
    }
  }

  #forgetDeleted(): void {
    const deleted = this.#queues.filter(({ deleted }) =>
      deleted.state === "yes"
    );
    const forgotten = new Set(deleted.slice(0, -REMEMBERED));
    this.#forgottenSends += sendsOf([...forgotten]);
    this.#queues = this.#queues.filter((queue) => !forgotten.has(queue));
  }

  #count(): void {
    this.#result.queues = this.#created;
    this.#result.sends = this.#forgottenSends + sendsOf(this.#queues);
  }

  get #good(): boolean {
    return this.#result.faults.length === 0 && this.#broken === undefined;
  }

  /** Notes a fault of the relay, or an error of the harness itself. */
  #report(error: unknown): void {
    if (error instanceof Fault) this.#result.faults.push(error.message);
    else this.#broken ??= error;
  }
}

async function withinLimit(load: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error("The clients did not notice the crash")),
    NOTICE_LIMIT,
  );
  try {
    await Promise.race([load, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function sendsOf(queues: readonly CrashQueue[]): number {
  return queues.reduce((sum, { ledger }) => sum + ledger.sends, 0);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
