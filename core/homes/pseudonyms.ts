/**
 * Names for visitors that say nothing about them: a home can count what one
 * visitor does today, and not find out who it is, nor compare notes with
 * another home.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { hostName } from "./networks.ts";

const DAY_MS = 86_400_000;
const SIZE = 8;

/** Makes pseudonyms; the key changes each day and is never written down. */
export class Pseudonyms {
  #key = randomBytes(32);
  #until: number;
  readonly #now: () => number;

  /** `now`: a clock in milliseconds that is never set. */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#until = now() + DAY_MS;
  }

  /** 8 bytes that stand for this address towards this home, today. */
  of(address: string, home: Uint8Array): Uint8Array<ArrayBuffer> {
    const now = this.#now();
    if (now >= this.#until) {
      this.#key = randomBytes(32);
      this.#until = now + DAY_MS;
    }
    const digest = createHmac("sha256", this.#key).update(home)
      .update(hostName(address)).digest();
    return new Uint8Array(digest.subarray(0, SIZE));
  }
}
