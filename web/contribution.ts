/**
 * How much the relay did on each day: the growth of its counters, for the
 * chart.
 *
 * @module
 */

import { writeFileAtomic } from "../relay/files.ts";

/** Days that are remembered. */
const MAX_DAYS = 70;
const MAX_FILE = 64 * 1024;
const FORMAT = 1;

/** Counters at one moment. */
export interface CounterSample {
  /** When counting began: ISO 8601. */
  readonly since: string;
  readonly messages: number;
  readonly files: number;
}

/** What was done on a day. */
export interface DayCounts {
  readonly messages: number;
  readonly files: number;
}

/** A day of a month: from 1. */
export interface DayOfMonth extends DayCounts {
  readonly day: number;
}

/** The days, in memory and in one small file (mode 0600). */
export class Contribution {
  readonly #path: string;
  readonly #days = new Map<string, DayCounts>();
  #last: CounterSample | undefined;
  #saved = "";

  private constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file; one that is missing or damaged is as none. */
  static async open(path: string): Promise<Contribution> {
    const contribution = new Contribution(path);
    try {
      const { size } = await Deno.stat(path);
      if (size <= MAX_FILE) contribution.#read(await Deno.readTextFile(path));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return contribution;
  }

  /** Adds what the counters have grown by to the day. */
  add(sample: CounterSample, now: Date = new Date()): void {
    const today = dayOf(now);
    const last = this.#last?.since === sample.since
      ? this.#last
      // Counted from nothing; what is from days before today is left out.
      : dayOf(new Date(sample.since)) === today
      ? { messages: 0, files: 0 }
      : sample;
    const { messages, files } = this.#days.get(today) ??
      { messages: 0, files: 0 };
    this.#days.set(today, {
      messages: messages + Math.max(0, sample.messages - last.messages),
      files: files + Math.max(0, sample.files - last.files),
    });
    this.#last = sample;
    const old = [...this.#days.keys()].sort().slice(0, -MAX_DAYS);
    for (const day of old) this.#days.delete(day);
  }

  /** All days of the month of `now`, so far and to come. */
  month(now: Date = new Date()): DayOfMonth[] {
    const [year, month] = [now.getFullYear(), now.getMonth()];
    const length = new Date(year, month + 1, 0).getDate();
    return Array.from({ length }, (_, index) => {
      const counts = this.#days.get(dayOf(new Date(year, month, index + 1)));
      return { day: index + 1, messages: 0, files: 0, ...counts };
    });
  }

  /** Writes the file, if there is anything new. */
  async save(): Promise<void> {
    const text = JSON.stringify({
      format: FORMAT,
      last: this.#last,
      days: Object.fromEntries(this.#days),
    });
    if (text === this.#saved) return;
    await writeFileAtomic(this.#path, `${text}\n`, { mode: 0o600 });
    this.#saved = text;
  }

  #read(text: string): void {
    let kept: unknown;
    try {
      kept = JSON.parse(text);
    } catch {
      return;
    }
    if (typeof kept !== "object" || kept === null) return;
    const { format, last, days } = { format: 0, last: {}, days: {}, ...kept };
    if (format !== FORMAT) return;
    for (const [day, counts] of Object.entries(days ?? {})) {
      if (/^\d{4}-\d\d-\d\d$/.test(day) && isCounts(counts)) {
        const { messages, files } = counts;
        this.#days.set(day, { messages, files });
      }
    }
    if (isCounts(last) && "since" in last && typeof last.since === "string") {
      const { since, messages, files } = last;
      this.#last = { since, messages, files };
    }
  }
}

/** `2026-11-20`, by this machine's clock. */
function dayOf(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${
    two(time.getDate())
  }`;
}

function isCounts(value: unknown): value is DayCounts {
  return typeof value === "object" && value !== null &&
    "messages" in value && isCount(value.messages) &&
    "files" in value && isCount(value.files);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
