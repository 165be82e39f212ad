/**
 * How many queues were used in a day, a week and a month (`PeriodStats` of the
 * reference, which keeps a set of hashes for each).
 *
 * @module
 */

import {
  DistinctCount,
  hashId,
  randomSalt,
  type Salt,
} from "./distinct_count.ts";

/** Periods in UTC; weeks begin on Monday. */
const PERIODS = ["day", "week", "month"] as const;

type Period = typeof PERIODS[number];

/** Estimates by period; `undefined` where the period goes on. */
export type EndedPeriods = Readonly<Record<Period, number | undefined>>;

/** What is kept over a restart. */
export interface ActiveQueuesBackup {
  readonly salt: Salt;
  readonly day: string;
  readonly week: string;
  readonly month: string;
}

/** Different queues that were used in each period. */
export class ActiveQueues {
  #salt = randomSalt();
  readonly #counts: Readonly<Record<Period, DistinctCount>> = {
    day: new DistinctCount(),
    week: new DistinctCount(),
    month: new DistinctCount(),
  };

  /** Notes that the queue with this recipient ID was used. */
  add(id: Uint8Array): void {
    const [index, bits] = hashId(id, this.#salt);
    for (const period of PERIODS) this.#counts[period].add(index, bits);
  }

  /** How many so far. */
  get estimates(): Readonly<Record<Period, number>> {
    const { day, week, month } = this.#counts;
    return {
      day: day.estimate,
      week: week.estimate,
      month: month.estimate,
    };
  }

  /**
   * Ends the periods that were over at `now` and had begun at `from`
   * (milliseconds since 1970), and gives their numbers. The day ends each time.
   */
  end({ from, now }: { from: number; now: number }): EndedPeriods {
    const over: Record<Period, boolean> = {
      day: true,
      week: weekOf(from) !== weekOf(now),
      month: monthOf(from) !== monthOf(now),
    };
    const finish = (period: Period) => {
      if (!over[period]) return undefined;
      const { estimate } = this.#counts[period];
      this.#counts[period].clear();
      return estimate;
    };
    return {
      day: finish("day"),
      week: finish("week"),
      month: finish("month"),
    };
  }

  /** What to keep over a restart. */
  backup(): ActiveQueuesBackup {
    const { day, week, month } = this.#counts;
    return {
      salt: this.#salt,
      day: day.encode(),
      week: week.encode(),
      month: month.encode(),
    };
  }

  /** Takes over a backup as it was read; false where it is none. */
  restore(backup: unknown): boolean {
    if (typeof backup !== "object" || backup === null) return false;
    const values = new Map<string, unknown>(Object.entries(backup));
    const salt = values.get("salt");
    if (!isSalt(salt)) return false;
    this.#salt = salt;
    return PERIODS.every((period) => {
      const text = values.get(period);
      return typeof text === "string" && this.#counts[period].restore(text);
    });
  }
}

function isSalt(value: unknown): value is Salt {
  return Array.isArray(value) && value.length === 2 &&
    value.every(Number.isInteger);
}

const DAY = 86_400_000;

/** Number of the week since the Monday before 1970. */
function weekOf(time: number): number {
  return Math.floor((Math.floor(time / DAY) + 3) / 7);
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
