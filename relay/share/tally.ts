/**
 * What the relay has given, kept over restarts: sums, nothing of anyone.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../files.ts";

/** Name of the file in the data directory. */
const FILE = "share.json";
const DAY = 86_400_000;

/** Sums since sharing began. */
export interface Given {
  /** Days on which the relay was shared. */
  readonly days: number;
  /** Messages that were taken. */
  readonly messages: number;
  /** Bytes that came and went. */
  readonly bytes: number;
}

/** What goes through the relay, counted. */
export interface Traffic {
  readonly messages: number;
  readonly bytes: number;
  /** Part of `bytes`: contents of files. */
  readonly fileBytes: number;
}

interface Saved {
  readonly days: number;
  /** The last of them, counted from 1970. */
  readonly day: number;
  readonly messages: number;
  readonly bytes: number;
  /** The month, such as "2026-11", and what went through in it. */
  readonly month: string;
  readonly monthBytes: number;
}

/** Adds up. */
export class Tally {
  #saved: Saved;
  #hour = 0;
  #hourBytes = 0;
  /** By the hour, of the last day. */
  readonly #hours = new Map<number, { messages: number; fileBytes: number }>();
  #dirty = false;

  private constructor(saved: Saved) {
    this.#saved = saved;
  }

  /** Goes on from what was kept; what a hand has broken begins anew. */
  static async read(directory: string): Promise<Tally> {
    const path = join(directory, FILE);
    try {
      return new Tally(parse(await Deno.readTextFile(path)) ?? NOTHING);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Tally(NOTHING);
      throw error;
    }
  }

  get given(): Given {
    const { days, messages, bytes } = this.#saved;
    return { days, messages, bytes };
  }

  /** Adds what went through since the last time; `now`: ms since 1970. */
  add({ messages, bytes, fileBytes }: Traffic, now: number): void {
    const before = this.#saved;
    const day = Math.floor(now / DAY);
    const month = new Date(now).toISOString().slice(0, 7);
    const same = month === before.month;
    this.#saved = {
      days: before.days + (day > before.day ? 1 : 0),
      day: Math.max(day, before.day),
      messages: before.messages + messages,
      bytes: before.bytes + bytes,
      month,
      monthBytes: (same ? before.monthBytes : 0) + bytes,
    };
    this.#dirty ||= bytes > 0 || !same || day > before.day;
    const hour = Math.floor(now / 3_600_000);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#hourBytes = 0;
    }
    this.#hourBytes += bytes;
    const sums = this.#hours.get(hour) ?? { messages: 0, fileBytes: 0 };
    sums.messages += messages;
    sums.fileBytes += fileBytes;
    this.#hours.set(hour, sums);
    for (const each of this.#hours.keys()) {
      if (each <= hour - 24 || each > hour) this.#hours.delete(each);
    }
  }

  /** Bytes of the clock's hour, as of the last {@link add}. */
  get hourBytes(): number {
    return this.#hourBytes;
  }

  get monthBytes(): number {
    return this.#saved.monthBytes;
  }

  /** Sums of the last 24 hours, as far as the relay has run. */
  get lastDay(): { readonly messages: number; readonly fileBytes: number } {
    const all = [...this.#hours.values()];
    return {
      messages: all.reduce((sum, { messages }) => sum + messages, 0),
      fileBytes: all.reduce((sum, { fileBytes }) => sum + fileBytes, 0),
    };
  }

  /** Writes what is new. @throws what writing a file throws */
  async save(directory: string): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    const text = JSON.stringify(this.#saved, undefined, 2) + "\n";
    try {
      await writeFileAtomic(join(directory, FILE), text, { mode: 0o600 });
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }
}

const NOTHING: Saved = {
  days: 0,
  day: 0,
  messages: 0,
  bytes: 0,
  month: "",
  monthBytes: 0,
};

function parse(text: string): Saved | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const record: Partial<Record<string, unknown>> = { ...value };
  const count = (name: string) => {
    const number = record[name];
    return typeof number === "number" && number >= 0 ? number : 0;
  };
  return {
    days: count("days"),
    day: count("day"),
    messages: count("messages"),
    bytes: count("bytes"),
    month: typeof record.month === "string" ? record.month : "",
    monthBytes: count("monthBytes"),
  };
}
