/**
 * How many of something one customer's network may have at a time. Kept in
 * memory only, by a hash whose key is gone with the process.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { customerName } from "./networks.ts";

const NAME_LENGTH = 16;

/** Counts by network what is there now. */
export class NetworkShare {
  readonly #key = randomBytes(32);
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** `max`: of one network; `Infinity` counts nobody out. */
  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Takes one for the network of this IP address; what it returns gives it
   * back. `undefined`: too many.
   */
  take(address: string): (() => void) | undefined {
    const name = this.#nameOf(address);
    const count = this.#counts.get(name) ?? 0;
    if (count >= this.#max) return undefined;
    this.#counts.set(name, count + 1);
    return () => {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left > 0) this.#counts.set(name, left);
      else this.#counts.delete(name);
    };
  }

  #nameOf(address: string): string {
    return createHmac("sha256", this.#key).update(customerName(address))
      .digest("base64url").slice(0, NAME_LENGTH);
  }
}
