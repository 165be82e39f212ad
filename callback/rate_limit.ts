/**
 * How often one address may ask. Kept in memory only, and without the
 * addresses: by a hash whose key is gone with the process.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";

/** Requests that one address may make at once. */
const BURST = 12;
/** Time after which it may make one more, in milliseconds. */
const REFILL_MS = 20_000;
/** Most addresses that are remembered. */
const MAX_ADDRESSES = 10_000;
/** IPv6 customers get networks: their first 7 bytes (/56) are one asker. */
const NETWORK_BYTES = 7;
const HASH_LENGTH = 16;

/** A bucket for each address. */
export class AddressLimit {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  /**
   * When the bucket is full again, on the clock `now`; oldest use first. One
   * that is full is as good as none.
   */
  readonly #fullAt = new Map<string, number>();

  /** `now`: a clock in milliseconds that is never set. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes one request of this address (4 or 16 bytes), if it has one left. */
  take(address: Uint8Array): boolean {
    const now = this.#now();
    const name = this.#nameOf(address);
    const fullAt = Math.max(this.#fullAt.get(name) ?? now, now) + REFILL_MS;
    if (fullAt - now > BURST * REFILL_MS) return false;
    if (!this.#fullAt.has(name) && !this.#makeRoom(now)) return false;
    this.#fullAt.delete(name);
    this.#fullAt.set(name, fullAt);
    return true;
  }

  #makeRoom(now: number): boolean {
    if (this.#fullAt.size < MAX_ADDRESSES) return true;
    for (const [name, fullAt] of this.#fullAt) {
      if (fullAt <= now) this.#fullAt.delete(name);
    }
    return this.#fullAt.size < MAX_ADDRESSES;
  }

  #nameOf(address: Uint8Array): string {
    return createHmac("sha256", this.#key).update(networkOf(address))
      .digest("base64url").slice(0, HASH_LENGTH);
  }
}

/** What counts as one asker: an IPv4 address, a customer's IPv6 network. */
export function networkOf(address: Uint8Array): Uint8Array {
  return address.length === 16 ? address.subarray(0, NETWORK_BYTES) : address;
}
