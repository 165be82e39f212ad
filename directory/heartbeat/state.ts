/**
 * What a relay remembers of its directories: the numbers that must never go
 * back, and where it is listed.
 *
 * @module
 */

import { writeFileAtomic } from "../../relay/files.ts";

/** Numbers of requests are reserved for as long at a time, ms. */
const RESERVE_MS = 3_600_000;
/** How far ahead of the clock a directory's word can push a number, ms. */
const MAX_AHEAD_MS = 400 * 86_400_000;
/** Directories that are remembered at most. */
const MAX_DIRECTORIES = 64;

/** One directory. */
export interface KnownDirectory {
  /** Address of its core. */
  readonly address: string;
  /** The relay is listed there. */
  readonly registered: boolean;
  /** It said not to come back, in these words. */
  readonly stopped?: string;
}

/** Numbers are milliseconds since 1970, so that they outlive this file. */
interface Saved {
  /** Of the last descriptor. */
  readonly descriptor: number;
  /** All numbers of requests are lower. */
  readonly reserved: number;
  readonly directories: readonly KnownDirectory[];
}

/** See the module. */
export class HeartbeatState {
  readonly #path: string;
  readonly #now: () => number;
  #saved: Saved;
  #request: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, saved: Saved, now: () => number) {
    this.#path = path;
    this.#saved = saved;
    this.#now = now;
    this.#request = saved.reserved;
  }

  /** Reads what was kept; what a hand has broken begins anew. */
  static async read(
    path: string,
    now: () => number = Date.now,
  ): Promise<HeartbeatState> {
    let text = "";
    try {
      text = await Deno.readTextFile(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return new HeartbeatState(path, parse(text), now);
  }

  get directories(): readonly KnownDirectory[] {
    return this.#saved.directories;
  }

  find(address: string): KnownDirectory | undefined {
    return this.directories.find((each) => each.address === address);
  }

  /** Remembers where the relay stands with a directory. */
  async set(known: KnownDirectory): Promise<void> {
    const others = this.directories.filter((each) =>
      each.address !== known.address
    );
    await this.#write({ directories: [...others, known] });
  }

  async forget(address: string): Promise<void> {
    if (this.find(address) === undefined) return;
    await this.#write({
      directories: this.directories.filter((each) => each.address !== address),
    });
  }

  /** Number of the next request: higher than all before, also after a crash. */
  async nextRequest(): Promise<number> {
    const next = Math.max(this.#request + 1, this.#now());
    this.#request = next;
    if (next >= this.#saved.reserved) {
      await this.#write({ reserved: next + RESERVE_MS });
    }
    return next;
  }

  /** Number of the next descriptor, on disk before anybody sees it. */
  async nextDescriptor(): Promise<number> {
    const descriptor = Math.max(this.#saved.descriptor + 1, this.#now());
    await this.#write({ descriptor });
    return descriptor;
  }

  /**
   * A directory knows of higher numbers: an old backup was restored, perhaps.
   * False when it asks for too much, which a liar would.
   */
  async raise(sequence: number): Promise<boolean> {
    if (sequence > this.#now() + MAX_AHEAD_MS) return false;
    this.#request = Math.max(this.#request, sequence);
    await this.#write({
      reserved: Math.max(this.#saved.reserved, this.#request),
      descriptor: Math.max(this.#saved.descriptor, sequence),
    });
    return true;
  }

  /** One after the other; the last one has it all. */
  #write(change: Partial<Saved>): Promise<void> {
    this.#saved = { ...this.#saved, ...change };
    const writing = this.#writing.then(() =>
      writeFileAtomic(
        this.#path,
        JSON.stringify(this.#saved, undefined, 2) + "\n",
        { mode: 0o600 },
      )
    );
    // Who waits is told; the next one tries again.
    this.#writing = writing.catch(() => {});
    return writing;
  }
}

function parse(text: string): Saved {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const { descriptor, reserved, directories } = recordOf(value);
  return {
    descriptor: numberOf(descriptor),
    reserved: numberOf(reserved),
    directories: (Array.isArray(directories) ? directories : [])
      .slice(0, MAX_DIRECTORIES).flatMap(knownOf),
  };
}

function knownOf(value: unknown): KnownDirectory[] {
  const { address, registered, stopped } = recordOf(value);
  if (typeof address !== "string") return [];
  return [{
    address,
    registered: registered === true,
    stopped: typeof stopped === "string" ? stopped : undefined,
  }];
}

function recordOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0
    ? value
    : 0;
}
