/**
 * Durations, counted in fixed buckets for Prometheus.
 *
 * @module
 */

import { histogramSamples, type Metric } from "./metric.ts";

/** A histogram of durations. */
export class Durations {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  /** `bounds`: upper bounds of the buckets in seconds, growing. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  /** Counts one. */
  add(seconds: number): void {
    this.#sum += seconds;
    this.#count++;
    const bucket = this.#bounds.findIndex((bound) => seconds <= bound);
    if (bucket !== -1) this.#counts[bucket]++;
  }

  /** As a metric. */
  metric(name: string, help: string): Metric {
    return {
      name,
      type: "histogram",
      help,
      samples: histogramSamples(
        this.#bounds.map((bound, index) => [bound, this.#counts[index]]),
        { sum: this.#sum, count: this.#count },
      ),
    };
  }
}
