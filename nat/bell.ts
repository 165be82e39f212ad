/**
 * Waiting for time to pass, or for something to happen.
 *
 * @module
 */

/** Rings are kept until somebody waits; the same ring twice counts once. */
export class Bell<Ring extends string> {
  readonly #rung = new Set<Ring>();
  #wake: (() => void) | undefined;

  /** Wakes the one who waits. */
  ring(ring: Ring): void {
    this.#rung.add(ring);
    this.#wake?.();
  }

  /**
   * The rings since the last wait, or none when `milliseconds` passed or
   * `signal` ended. `Infinity` waits for a ring alone. One may wait at a time.
   */
  async wait(
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<Ring>> {
    if (this.#rung.size === 0 && !signal.aborted && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          this.#wake = undefined;
          resolve();
        };
        const timer = milliseconds === Infinity
          ? undefined
          : setTimeout(wake, Math.min(milliseconds, MAX_TIMER));
        signal.addEventListener("abort", wake, { once: true });
        this.#wake = wake;
      });
    }
    const rings = new Set(this.#rung);
    this.#rung.clear();
    return rings;
  }
}

/** The longest a timer can be set to, milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;
