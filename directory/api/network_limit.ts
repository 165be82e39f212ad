/**
 * How often one network may ask. Kept in memory only, and by a hash whose key
 * is gone with the process: nobody learns from it who asked.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { networkOf } from "../network.ts";

/** How much is allowed. */
export interface LimitRule {
  /** Requests at once. */
  readonly burst: number;
  /** Time after which one more is allowed, ms. */
  readonly refillMs: number;
}

/** Networks that are remembered. */
const MAX_NETWORKS = 50_000;

/** A bucket for each network, IPv4 /24 or IPv6 /48. */
export class NetworkLimit {
  readonly #rule: LimitRule;
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  /** When the bucket is full again, ms; oldest use first. */
  readonly #fullAt = new Map<string, number>();

  /** `now`: a clock in milliseconds that is never set. */
  constructor(rule: LimitRule, now: () => number = () => performance.now()) {
    this.#rule = rule;
    this.#now = now;
  }

  /** Networks that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one request; undefined, or how long to wait, in ms. */
  take(address: string): number | undefined {
    const { burst, refillMs } = this.#rule;
    const now = this.#now();
    const name = this.#nameOf(address);
    // Differences first: sums with the clock are rounded.
    const left = Math.max((this.#fullAt.get(name) ?? now) - now, 0);
    const wait = left + refillMs - burst * refillMs;
    if (wait > 0) return wait;
    this.#fullAt.delete(name);
    if (!this.#makeRoom(now)) return refillMs;
    this.#fullAt.set(name, now + left + refillMs);
    return undefined;
  }

  #makeRoom(now: number): boolean {
    if (this.#fullAt.size < MAX_NETWORKS) return true;
    for (const [name, fullAt] of this.#fullAt) {
      if (fullAt <= now) this.#fullAt.delete(name);
    }
    return this.#fullAt.size < MAX_NETWORKS;
  }

  #nameOf(address: string): string {
    return createHmac("sha256", this.#key).update(networkOf(address) ?? address)
      .digest("base64url").slice(0, 16);
  }
}
