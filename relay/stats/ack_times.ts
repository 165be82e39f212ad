/**
 * How long clients take to acknowledge a delivered message (`TimeBuckets` of
 * the reference).
 *
 * @module
 */

/** Width of the buckets up to a time; both in seconds. */
const WIDTHS: readonly (readonly [upTo: number, width: number])[] = [
  [5, 1],
  [30, 5],
  [60, 10],
  [180, 30],
  [Infinity, 60],
];

/** Longer than a message lives; bounds the number of buckets. */
const LONGEST = 60 * 86_400;

/** Times in whole seconds, counted in buckets. */
export class AckTimes {
  #sum = 0;
  #max = 0;
  #count = 0;
  /** Number of times by the bucket's upper bound. */
  readonly #buckets = new Map<number, number>();

  /** Counts a time in whole seconds. */
  add(seconds: number): void {
    const time = Math.min(Math.max(seconds, 0), LONGEST);
    this.#sum += time;
    this.#max = Math.max(this.#max, time);
    this.#count++;
    const bound = boundOf(time);
    this.#buckets.set(bound, (this.#buckets.get(bound) ?? 0) + 1);
  }

  /** All times together. */
  get sum(): number {
    return this.#sum;
  }

  /** The longest. */
  get max(): number {
    return this.#max;
  }

  /** How many. */
  get count(): number {
    return this.#count;
  }

  /** Upper bound and number of each bucket that is not empty, in order. */
  get buckets(): [bound: number, count: number][] {
    return [...this.#buckets].sort(([a], [b]) => a - b);
  }

  /** How many are in buckets from `from` up to but without `to`. */
  between(from: number, to: number): number {
    let total = 0;
    for (const [bound, count] of this.#buckets) {
      if (from <= bound && bound < to) total += count;
    }
    return total;
  }

  /** What to keep over a restart. */
  backup(): { sum: number; max: number; buckets: [number, number][] } {
    return { sum: this.#sum, max: this.#max, buckets: this.buckets };
  }

  /** Takes over a backup as it was read; what is no time is left out. */
  restore(backup: unknown): void {
    if (typeof backup !== "object" || backup === null) return;
    const values = new Map<string, unknown>(Object.entries(backup));
    const buckets = values.get("buckets");
    if (!Array.isArray(buckets)) return;
    for (const entry of buckets) {
      const [bound, count] = Array.isArray(entry) ? entry : [];
      if (!isCount(bound) || !isCount(count) || boundOf(bound) !== bound) {
        continue;
      }
      this.#buckets.set(bound, (this.#buckets.get(bound) ?? 0) + count);
      this.#count += count;
    }
    const sum = values.get("sum");
    const max = values.get("max");
    if (isCount(sum)) this.#sum += sum;
    if (isCount(max)) this.#max = Math.max(this.#max, max);
  }
}

/** Upper bound of the bucket that the time is in. */
function boundOf(seconds: number): number {
  const [, width] = WIDTHS.find(([upTo]) => seconds <= upTo) ?? [0, 60];
  return Math.ceil(seconds / width) * width;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
