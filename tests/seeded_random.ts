/**
 * Random values that are the same in every run, so that a failing fuzz test
 * fails again (mulberry32, Tommy Ettinger).
 *
 * @module
 */

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 0x1_0000_0000 * bound);
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** The bytes with a few of them changed, cut off, doubled or put in. */
  mutate(bytes: Uint8Array): Uint8Array {
    const list = [...bytes];
    const changes = 1 + this.below(3);
    for (let i = 0; i < changes; i++) {
      const at = this.below(list.length + 1);
      switch (this.below(4)) {
        case 0:
          list[Math.min(at, list.length - 1)] = this.below(256);
          break;
        case 1:
          list.length = at;
          break;
        case 2:
          list.splice(at, 0, ...list.slice(at, at + 1 + this.below(8)));
          break;
        default:
          list.splice(at, 0, this.below(256));
      }
    }
    return Uint8Array.from(list);
  }
}
