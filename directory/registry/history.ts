/**
 * What probes of one relay have shown: numbers of each of the last 90 days,
 * and the last probes one by one. Its size is fixed.
 *
 * ```text
 * bytes = day of the last entry since 1970 (4)
 *         | for each of 90 days, the day modulo 90 its place:
 *           probes (2) | failed (2) | sum of the logarithms of ms (4, float)
 *         | for each of 64 probes, a ring: time in seconds (4) | ms (2)
 *         | place of the next probe in the ring (1)
 * ```
 *
 * The typical time of a day is the geometric mean of its probes, that of
 * several days the median of theirs, so that single odd ones count little.
 *
 * @module
 */

import { type WindowNumbers, WINDOWS } from "../protocol/mod.ts";

const DAYS = 90;
const DAY_SIZE = 8;
const RECENT = 64;
const RECENT_SIZE = 6;
const DAYS_AT = 4;
const RECENT_AT = DAYS_AT + DAYS * DAY_SIZE;
const NEXT_AT = RECENT_AT + RECENT * RECENT_SIZE;

/** Bytes of a history. */
export const HISTORY_SIZE = NEXT_AT + 1;

const DAY_SECONDS = 86_400;
const MAX_16 = 0xffff;

/** One probe. */
export interface RecentProbe {
  /** Seconds since 1970. */
  readonly time: number;
  /** Time to connect and greet; 0 when it failed. */
  readonly milliseconds: number;
}

/** Probes of one day. */
export interface DayNumbers extends WindowNumbers {
  /** Days since 1970. */
  readonly day: number;
}

/** The history of one relay. */
export class History {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** From bytes that were saved; those of another size are an empty history. */
  constructor(saved?: Uint8Array) {
    this.#bytes = saved?.length === HISTORY_SIZE
      ? saved.slice()
      : new Uint8Array(HISTORY_SIZE);
    this.#view = new DataView(this.#bytes.buffer);
    if (this.#bytes[NEXT_AT] >= RECENT) this.#bytes[NEXT_AT] = 0;
  }

  /** To be saved; changes with the history. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Notes a probe; `milliseconds` undefined: it failed. One that is not
   * `counted` is of the last probes, and not in the day's numbers.
   */
  add(
    time: number,
    milliseconds: number | undefined,
    { counted = true }: { counted?: boolean } = {},
  ): void {
    const ms = milliseconds === undefined
      ? 0
      : Math.min(MAX_16, Math.max(1, Math.round(milliseconds)));
    if (counted) this.#count(time, ms);
    const next = this.#bytes[NEXT_AT];
    this.#view.setUint32(RECENT_AT + next * RECENT_SIZE, time);
    this.#view.setUint16(RECENT_AT + next * RECENT_SIZE + 4, ms);
    this.#bytes[NEXT_AT] = (next + 1) % RECENT;
  }

  #count(time: number, ms: number): void {
    const day = Math.floor(time / DAY_SECONDS);
    // A clock that was set back writes into the last day.
    const at = this.#open(Math.max(day, this.#lastDay));
    const view = this.#view;
    view.setUint16(at, Math.min(MAX_16, view.getUint16(at) + 1));
    if (ms === 0) {
      view.setUint16(at + 2, Math.min(MAX_16, view.getUint16(at + 2) + 1));
    } else {
      view.setFloat32(at + 4, view.getFloat32(at + 4) + Math.log(ms));
    }
  }

  /** Days with probes, up to `days` back from `today`, the latest first. */
  days(today: number, days: number = DAYS): DayNumbers[] {
    const last = this.#lastDay;
    const found: DayNumbers[] = [];
    for (let day = last; day > last - DAYS && day > today - days; day--) {
      if (day < 0) break;
      const at = placeOf(day);
      const probes = this.#view.getUint16(at);
      if (probes === 0) continue;
      const failed = this.#view.getUint16(at + 2);
      const sum = this.#view.getFloat32(at + 4);
      const worked = probes - failed;
      const milliseconds = worked > 0 ? Math.round(Math.exp(sum / worked)) : 0;
      found.push({ day, probes, failed, milliseconds });
    }
    return found;
  }

  /** Numbers of the last 7, 30 and 90 days; `all`: its days, where known. */
  windows(
    today: number,
    all: readonly DayNumbers[] = this.days(today),
  ): WindowNumbers[] {
    return WINDOWS.map((days) =>
      summary(all.filter(({ day }) => day > today - days))
    );
  }

  /** The last probes, up to `max`, the latest first. */
  recent(max: number = RECENT): RecentProbe[] {
    const found: RecentProbe[] = [];
    for (const probe of this.#backwards()) {
      if (found.length >= max) break;
      found.push(probe);
    }
    return found;
  }

  *#backwards(): Generator<RecentProbe> {
    for (let back = 1; back <= RECENT; back++) {
      const place = (this.#bytes[NEXT_AT] + RECENT - back) % RECENT;
      const at = RECENT_AT + place * RECENT_SIZE;
      const time = this.#view.getUint32(at);
      if (time === 0) return;
      yield { time, milliseconds: this.#view.getUint16(at + 4) };
    }
  }

  get #lastDay(): number {
    return this.#view.getUint32(0);
  }

  /** Makes room for `day`; where its numbers are. */
  #open(day: number): number {
    const last = this.#lastDay;
    const first = Math.max(last + 1, day - DAYS + 1);
    for (let each = first; each <= day; each++) {
      const at = placeOf(each);
      this.#bytes.fill(0, at, at + DAY_SIZE);
    }
    this.#view.setUint32(0, day);
    return placeOf(day);
  }
}

function placeOf(day: number): number {
  return DAYS_AT + (day % DAYS) * DAY_SIZE;
}

function summary(days: readonly DayNumbers[]): WindowNumbers {
  let probes = 0;
  let failed = 0;
  for (const each of days) {
    probes += each.probes;
    failed += each.failed;
  }
  const times = days.map(({ milliseconds }) => milliseconds)
    .filter((ms) => ms > 0).sort((a, b) => a - b);
  return { probes, failed, milliseconds: times[times.length >> 1] ?? 0 };
}
