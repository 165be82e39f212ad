/**
 * How late the event loop is: the time that everything which serves clients
 * had to wait for something else.
 *
 * @module
 */

import { Durations } from "./durations.ts";

const SAMPLE_MS = 1000;

/** Measures once a second until it is stopped. */
export class Lateness {
  readonly durations = new Durations([
    0.001,
    0.005,
    0.01,
    0.05,
    0.1,
    0.5,
    1,
    5,
  ]);
  readonly #timer: ReturnType<typeof setInterval>;
  #due = performance.now() + SAMPLE_MS;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.durations.add(Math.max(now - this.#due, 0) / 1000);
      this.#due = now + SAMPLE_MS;
    }, SAMPLE_MS);
  }

  /** Stops measuring. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
