/**
 * Rounds of files on the move, `kill -9`, restart and check.
 *
 * @module
 */

import { join } from "node:path";
import { dialXftp, type XftpClient } from "../../relay/xftp/client/mod.ts";
import { SeededRandom } from "../seeded_random.ts";
import { killAtStart, type RunningChild, startChild } from "./child.ts";
import { Fault } from "./fault.ts";
import type { CrashFile } from "./file_chunk.ts";
import {
  checkSame,
  checkSums,
  type FilePlace,
  orphansOf,
  readDead,
  readRunning,
  sumOf,
} from "./file_disk.ts";
import { runFileLoad } from "./file_load.ts";
import { checkDatabase } from "./files.ts";
import type { RelayOrder } from "./relay_process.ts";

/** What to run. */
export interface FileCrashOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Damages the disk of a dead relay, to prove that the harness notices. */
  readonly damage?: (place: FilePlace, files: readonly CrashFile[]) => void;
  /** Told after each round. */
  readonly onRound?: (round: number, result: FileCrashResult) => void;
}

/** What happened. */
export interface FileCrashResult {
  rounds: number;
  /** Relays that were killed while they started. */
  killedAtStart: number;
  /** Files that were announced. */
  files: number;
  /** Downloads of acknowledged contents after a restart, and their bytes. */
  found: number;
  foundBytes: number;
  /** Uploads and deletions that got no answer. */
  underWay: number;
  /** Half contents, and contents without a row, that a crash left behind. */
  temporary: number;
  orphans: number;
  /** Each start, in milliseconds. */
  readonly startMs: number[];
  /** What was wrong; the run ends with the round that found it. */
  readonly faults: string[];
}

/** Bytes of all files; the load comes near it. */
const QUOTA = 8 * 1024 * 1024;

/** Deleted files that are looked at again. */
const REMEMBERED = 8;

/** Runs the rounds in a directory of their own, which is removed. */
export async function runFileCrashes(
  options: FileCrashOptions,
): Promise<FileCrashResult> {
  const parent = await Deno.makeTempDir({ prefix: "porchlight-crash-" });
  try {
    return await new FileCrashRun(parent, options).run();
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

class FileCrashRun {
  readonly #options: FileCrashOptions;
  readonly #order: RelayOrder;
  readonly #place: FilePlace;
  readonly #random: SeededRandom;
  readonly #result: FileCrashResult = {
    rounds: 0,
    killedAtStart: 0,
    files: 0,
    found: 0,
    foundBytes: 0,
    underWay: 0,
    temporary: 0,
    orphans: 0,
    startMs: [],
    faults: [],
  };
  #files: CrashFile[] = [];
  #forgotten = 0;
  #broken: unknown;

  constructor(parent: string, options: FileCrashOptions) {
    this.#options = options;
    const directory = join(parent, "data");
    this.#place = { directory, contents: join(directory, "files") };
    this.#order = {
      directory,
      quota: 128,
      fsyncDelay: 0,
      syncTrace: join(parent, "trace"),
      set: [
        "xftp.enabled=true",
        `xftp.storage_quota=${QUOTA / 1024}KB`,
        "metrics.address=127.0.0.1:0",
      ],
    };
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<FileCrashResult> {
    const { rounds, onRound, damage } = this.#options;
    const result = this.#result;
    try {
      for (let round = 1; round <= rounds && this.#good; round++) {
        await this.#round();
        result.rounds = round;
        result.files = this.#forgotten + this.#files.length;
        onRound?.(round, result);
        damage?.(this.#place, this.#files);
      }
      if (this.#good) await this.#finish();
    } catch (error) {
      this.#report(error);
    }
    if (this.#broken !== undefined) throw this.#broken;
    return result;
  }

  async #round(): Promise<void> {
    const random = this.#random;
    if (random.below(5) === 0) {
      await killAtStart(this.#order, 40 + random.below(460));
      this.#result.killedAtStart++;
    }
    const relay = await this.#start();
    let alive = true;
    const clients: XftpClient[] = [];
    try {
      const count = 3 + random.below(4);
      for (let i = 0; i < count; i++) clients.push(await connect(relay));
      const [checker, spare, ...others] = clients;
      await this.#check(relay, checker);
      const load = runFileLoad({
        clients: [checker, ...others],
        spare,
        files: this.#files,
        fork: () => new SeededRandom(random.below(0x7fffffff)),
        report: (error) => this.#report(error),
      });
      const lifeMs = 30 + random.below(470);
      await new Promise((resolve) => setTimeout(resolve, lifeMs));
      alive = false;
      try {
        await relay.kill();
      } finally {
        await load;
      }
    } finally {
      if (alive) await relay.kill();
      await Promise.all(clients.map((client) => client.close()));
    }
    this.#crashed();
  }

  /** After a start: the disk, then each file, then the disk and the sums. */
  async #check(relay: RunningChild, client: XftpClient): Promise<void> {
    checkSame(readRunning(this.#place));
    for (const file of this.#files) {
      const sure = file.there;
      await file.check(client);
      file.busy = false;
      if (!sure) continue;
      this.#result.found++;
      this.#result.foundBytes += file.content.length;
    }
    await this.#sendAgain(client);
    const disk = readRunning(this.#place);
    checkSame(disk);
    const there = this.#files.filter((file) => file.there);
    const wanted = new Set(there.map(({ name }) => name));
    const odd = wanted.symmetricDifference(disk.uploaded);
    if (odd.size > 0) throw new Fault(`${odd.size} rows are not as answered`);
    await checkSums(relay.metricsUrl, disk);
    this.#forgetDeleted();
  }

  /** Uploads that were cut off can be made again while there is room. */
  async #sendAgain(client: XftpClient): Promise<void> {
    for (const file of this.#files) {
      const { uploaded, deleted, content } = file;
      if (uploaded.state !== "no" || deleted.state !== "no") continue;
      if (this.#random.below(3) === 0) continue;
      const used = sumOf(readRunning(this.#place).uploaded);
      const fits = used + content.length <= QUOTA;
      const answer = await file.upload(client);
      if (answer !== (fits ? "OK" : "QUOTA")) {
        throw new Fault(`FPUT got ${answer} with ${used} of ${QUOTA} bytes`);
      }
    }
  }

  /** The last start: then the relay stops in peace and leaves all in order. */
  async #finish(): Promise<void> {
    const relay = await this.#start();
    let alive = true;
    try {
      const client = await connect(relay);
      try {
        await this.#check(relay, client);
      } finally {
        await client.close();
      }
      alive = false;
      await relay.stop();
    } finally {
      if (alive) await relay.kill();
    }
    checkSame(readDead(this.#place));
    checkDatabase(this.#place.directory);
  }

  async #start(): Promise<RunningChild> {
    const relay = await startChild(this.#order);
    this.#result.startMs.push(relay.startMs);
    return relay;
  }

  /** The relay is dead: looks at what is left. */
  #crashed(): void {
    const result = this.#result;
    checkDatabase(this.#place.directory);
    const disk = readDead(this.#place);
    result.temporary += disk.temporary;
    result.orphans += orphansOf(disk);
    for (const { uploaded, deleted } of this.#files) {
      if (uploaded.state === "maybe" || deleted.state === "maybe") {
        result.underWay++;
      }
    }
  }

  #forgetDeleted(): void {
    const deleted = this.#files.filter((file) => file.deleted.state === "yes");
    const forgotten = new Set(deleted.slice(0, -REMEMBERED));
    this.#forgotten += forgotten.size;
    this.#files = this.#files.filter((file) => !forgotten.has(file));
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

function connect({ port, fingerprint }: RunningChild): Promise<XftpClient> {
  return dialXftp({ hosts: ["127.0.0.1"], port: String(port), fingerprint });
}
