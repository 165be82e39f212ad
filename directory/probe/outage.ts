/**
 * Whether it is the directory that has lost the internet, and not all relays
 * at once.
 *
 * @module
 */

/** Established relays that have to fail one after the other. */
const SUSPICIOUS = 8;

/** Counts failures in a row. */
export class Outage {
  readonly #failed = new Set<string>();

  /** Whether failures are to be passed over. */
  get suspected(): boolean {
    return this.#failed.size >= SUSPICIOUS;
  }

  /**
   * Notes the probe of a relay. Only established ones count, which cannot be
   * made up by the dozen.
   */
  note(key: string, { worked, established }: {
    readonly worked: boolean;
    readonly established: boolean;
  }): void {
    if (worked) this.#failed.clear();
    else if (established && !this.suspected) this.#failed.add(key);
  }
}
