/**
 * How many links and new leases one customer's network may ask for, so that
 * nobody takes all places and all ports. Kept in memory only, by a hash whose
 * key is gone with the process.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { NetworkShare } from "./network_share.ts";
import { customerName } from "./networks.ts";

/** Links of one network at a time: many homes may share an address. */
const MAX_LINKS = 256;
/** New leases of one network at once, and time after which it gets one more. */
const LEASE_BURST = 10;
const LEASE_MS = 6 * 3_600_000;
/** Networks that are remembered for their leases. */
const MAX_NETWORKS = 20_000;

/** Options of {@link GreetingLimit}. */
export interface GreetingLimitOptions {
  /** Count nobody: for tests, where all come from one address. */
  readonly off?: boolean;
  /** A clock in milliseconds that is never set. */
  readonly now?: () => number;
}

/** Counts by network. */
export class GreetingLimit {
  readonly #key = randomBytes(32);
  readonly #off: boolean;
  readonly #now: () => number;
  readonly #links: NetworkShare;
  /** When the leases of a network are made up for, ms; oldest use first. */
  readonly #paidAt = new Map<string, number>();

  constructor(
    { off = false, now = () => performance.now() }: GreetingLimitOptions = {},
  ) {
    this.#off = off;
    this.#links = new NetworkShare(off ? Infinity : MAX_LINKS);
    this.#now = now;
  }

  /** Takes a link; what it returns gives it back. `undefined`: too many. */
  takeLink(address: string): (() => void) | undefined {
    return this.#links.take(address);
  }

  /** Takes a new lease. False: too many. */
  takeLease(address: string): boolean {
    if (this.#off) return true;
    const now = this.#now();
    const name = this.#nameOf(address);
    const paidAt = Math.max(this.#paidAt.get(name) ?? now, now) + LEASE_MS;
    if (paidAt - now > LEASE_BURST * LEASE_MS) return false;
    this.#paidAt.delete(name);
    if (this.#paidAt.size >= MAX_NETWORKS && !this.#makeRoom(now)) return false;
    this.#paidAt.set(name, paidAt);
    return true;
  }

  #makeRoom(now: number): boolean {
    for (const [name, paidAt] of this.#paidAt) {
      if (paidAt <= now) this.#paidAt.delete(name);
    }
    return this.#paidAt.size < MAX_NETWORKS;
  }

  #nameOf(address: string): string {
    return createHmac("sha256", this.#key).update(customerName(address))
      .digest("base64url").slice(0, 16);
  }
}
