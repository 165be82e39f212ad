/**
 * The file that keeps statistics over a restart.
 *
 * @module
 */

import { writeFileAtomic } from "../files.ts";

/** Statistics as text and back; `restore` says whether the text was one. */
export interface KeptStatistics {
  encode(): string;
  restore(text: string): boolean;
}

/** Larger files are not ours: 12 registers of 16 KB and some numbers. */
const MAX_SIZE = 4 * 1024 * 1024;

/** What reading the file came to. */
export type Restored = "restored" | "no file" | "not readable";

/** Reads and writes the file at `path`. */
export class StatisticsBackup {
  readonly #path: string;
  readonly #statistics: KeptStatistics;
  #written: string | undefined;

  constructor(path: string, statistics: KeptStatistics) {
    this.#path = path;
    this.#statistics = statistics;
  }

  /** Takes over what the file has. A file that cannot be used is no error. */
  async restore(): Promise<Restored> {
    let text: string;
    try {
      const { size } = await Deno.stat(this.#path);
      if (size > MAX_SIZE) return "not readable";
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      return error instanceof Deno.errors.NotFound ? "no file" : "not readable";
    }
    return this.#statistics.restore(text) ? "restored" : "not readable";
  }

  /**
   * Writes the file, if something has changed.
   *
   * @throws what {@link writeFileAtomic} throws
   */
  async save(): Promise<void> {
    const text = this.#statistics.encode();
    if (text === this.#written) return;
    await writeFileAtomic(this.#path, text, { mode: 0o600 });
    this.#written = text;
  }
}
