/**
 * Slows down those who guess the password.
 *
 * @module
 */

/** Wrong passwords that cost nothing, from one peer. */
const FREE = 3;
/** The first wait, in ms; it doubles with each wrong password. */
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** After so long without a wrong one, all is forgotten, in ms. */
const FORGET_MS = 3_600_000;
/** Peers that are remembered. */
const MAX_PEERS = 1000;
/** Wrong passwords of all peers together, in {@link FORGET_MS}. */
const MAX_TOGETHER = 200;

interface Peer {
  wrong: number;
  last: number;
}

/** Wrong passwords by peer, in memory. */
export class Attempts {
  readonly #now: () => number;
  readonly #peers = new Map<string, Peer>();
  #together: number[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How long this peer has to wait before it may try again, in ms. */
  waitMs(peer: string): number {
    const now = this.#now();
    this.#together = this.#together.filter((time) => now - time < FORGET_MS);
    const all = this.#together.length < MAX_TOGETHER
      ? 0
      : this.#together[0] + FORGET_MS - now;
    const kept = this.#peers.get(peer);
    if (kept === undefined || now - kept.last > FORGET_MS) return all;
    const wait = kept.wrong < FREE
      ? 0
      : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (kept.wrong - FREE));
    return Math.max(all, kept.last + wait - now, 0);
  }

  /**
   * An attempt begins; it counts as wrong until it was right, so that many at
   * once are no way around.
   */
  begin(peer: string): void {
    const now = this.#now();
    const kept = this.#peers.get(peer);
    const wrong = kept === undefined || now - kept.last > FORGET_MS
      ? 0
      : kept.wrong;
    this.#peers.delete(peer);
    this.#peers.set(peer, { wrong: wrong + 1, last: now });
    const [oldest] = this.#peers.keys();
    if (this.#peers.size > MAX_PEERS) this.#peers.delete(oldest);
    this.#together.push(now);
  }

  /** It was the right one. */
  right(peer: string): void {
    this.#peers.delete(peer);
    this.#together.pop();
  }
}
