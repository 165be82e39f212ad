/**
 * How many questions one network may ask over UDP, where senders can be
 * forged: nobody shall be flooded with answers that they did not ask for.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { parseAddress } from "../../nat/mod.ts";

/** Questions a second that one network may ask. */
const RATE = 50;
/** Questions at once. */
const BURST = 200;
/** Networks that are remembered; when there are more, all are forgotten. */
const MAX_NETWORKS = 50_000;
/** A network is an IPv4 /24 or an IPv6 /56. */
const PREFIX_4 = 3;
const PREFIX_6 = 7;

/** A bucket for each network. */
export class NetworkLimit {
  readonly #key = randomBytes(16);
  readonly #now: () => number;
  /** When what was taken is made up for, ms, by hash of the network. */
  readonly #paidAt = new Map<string, number>();

  /** `now`: a clock in milliseconds that is never set. */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Takes one question of this address, if it has one left. */
  take(address: string): boolean {
    const now = this.#now();
    const network = this.#nameOf(address);
    const paidAt = Math.max(this.#paidAt.get(network) ?? now, now) +
      1000 / RATE;
    if (paidAt - now > BURST * 1000 / RATE) return false;
    if (this.#paidAt.size >= MAX_NETWORKS) this.#paidAt.clear();
    this.#paidAt.set(network, paidAt);
    return true;
  }

  #nameOf(address: string): string {
    const bytes = parseAddress(address.replace(/%.*$/, ""));
    const prefix = bytes?.subarray(0, bytes.length === 4 ? PREFIX_4 : PREFIX_6);
    return createHmac("sha256", this.#key).update(prefix ?? address)
      .digest("base64url").slice(0, 12);
  }
}
