/**
 * Backups that a relay makes by itself, into a directory on another drive.
 *
 * ```text
 * porchlight-<first 8 letters of the fingerprint>-20261120T143005Z.age
 * ```
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import type { FromBackupWorker, ToBackupWorker } from "./worker_messages.ts";

/** What is backed up, and who is told. */
export interface BackupScheduleOptions {
  readonly config: Config;
  /** Where the settings are. */
  readonly settingsFile: string;
  /** As addresses show it. */
  readonly fingerprint: string;
  /** Brings what is in memory onto the disk, before a backup. */
  readonly save: () => Promise<void>;
  /** Told why the last backup could not be made; nothing, when one was. */
  readonly onProblem: (reason: string | undefined) => void;
  /** Times for tests. */
  readonly firstMs?: number;
  readonly lookMs?: number;
}

/** Not while the relay starts, ms. */
const FIRST_MS = 60_000;
/** How often to look whether one is due, ms. */
const LOOK_MS = 600_000;
/** Time until one that failed is tried again, ms. */
const RETRY_MS = 3_600_000;
/** A backup from later than this was made with a wrong clock, ms. */
const FUTURE_MS = 86_400_000;

/** Makes backups of a running relay. */
export class BackupSchedule implements AsyncDisposable {
  readonly #options: BackupScheduleOptions;
  readonly #prefix: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> | undefined;
  #worker: Worker | undefined;
  #end: (() => void) | undefined;
  #stopping = false;
  /** Monotonic. */
  #notBefore = 0;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
    this.#prefix = `porchlight-${options.fingerprint.slice(0, 8)}-`;
  }

  /** Begins to look whether one is due. */
  start(): void {
    this.#schedule(this.#options.firstMs ?? FIRST_MS);
  }

  /** Breaks off what goes on; half a backup is none. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#end?.();
    await this.#work;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(async () => {
      await (this.#work = this.#look());
      if (!this.#stopping) this.#schedule(this.#options.lookMs ?? LOOK_MS);
    }, ms);
  }

  /** Makes one, if it is time; never rejects. */
  async #look(): Promise<void> {
    if (performance.now() < this.#notBefore) return;
    const { config, onProblem } = this.#options;
    const { directory, intervalMs, keep } = config.backup;
    try {
      const made = await this.#made();
      const age = Date.now() - (made.at(-1)?.time ?? -Infinity);
      if (age < intervalMs && age > -FUTURE_MS) return;
      await this.#options.save();
      await this.#make();
      if (this.#stopping) return;
      onProblem(undefined);
      for (const { name } of (await this.#made()).slice(0, -keep)) {
        await Deno.remove(join(directory, name));
      }
    } catch (error) {
      if (this.#stopping) return;
      this.#notBefore = performance.now() +
        (this.#options.lookMs ?? RETRY_MS);
      const reason = error instanceof Deno.errors.NotFound
        ? `there is no directory ${directory}; the drive may not be there.`
        : error instanceof Error
        ? error.message
        : String(error);
      onProblem(reason);
    }
  }

  /** Backups of this relay that are there, the oldest first. */
  async #made(): Promise<{ readonly name: string; readonly time: number }[]> {
    const found: { name: string; time: number }[] = [];
    for await (
      const { name } of Deno.readDir(this.#options.config.backup.directory)
    ) {
      if (!name.startsWith(this.#prefix)) continue;
      const time = timeIn(name.slice(this.#prefix.length));
      if (time !== undefined) found.push({ name, time });
    }
    return found.sort((one, other) => one.time - other.time);
  }

  async #make(): Promise<void> {
    const { config, settingsFile } = this.#options;
    const { directory, passphraseFile, recipients, withFiles } = config.backup;
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
    const question: ToBackupWorker = {
      config,
      settingsFile,
      target: join(directory, `${this.#prefix}${stamp}Z.age`),
      passphraseFile: passphraseFile || undefined,
      recipients,
      withFiles,
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "backup",
    });
    this.#worker = worker;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = resolve;
        worker.onmessage = ({ data }: MessageEvent<FromBackupWorker>) => {
          if (data.type === "made") resolve();
          else reject(new Error(data.message));
        };
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message));
        };
        worker.postMessage(question);
      });
    } finally {
      worker.terminate();
      this.#worker = undefined;
      this.#end = undefined;
    }
  }
}

/** `20261120T143005Z.age` in milliseconds since 1970. */
function timeIn(text: string): number | undefined {
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.age$/.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
