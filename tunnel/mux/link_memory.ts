/**
 * A bound of what waits unread on many links together.
 *
 * @module
 */

/** A link, as far as its memory is concerned. */
export interface MemoryHolder {
  /** Memory of what waits unread, bytes. */
  readonly unread: number;
  /** Breaks off the stream that holds most. */
  breakLargest(): void;
}

/** Shared by links; where they hold too much together, one gives way. */
export class LinkMemory {
  readonly #max: number;
  readonly #links = new Set<MemoryHolder>();
  #held = 0;

  /** `max` in bytes. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Memory that is held now, bytes. */
  get held(): number {
    return this.#held;
  }

  add(link: MemoryHolder): void {
    this.#links.add(link);
  }

  delete(link: MemoryHolder): void {
    this.#links.delete(link);
  }

  /** More bytes, or with a minus fewer, are held. */
  hold(bytes: number): void {
    this.#held += bytes;
  }

  /** Where it is too much, breaks off the largest stream of the largest link. */
  relieve(): void {
    if (this.#held <= this.#max) return;
    let largest: MemoryHolder | undefined;
    for (const link of this.#links) {
      if (link.unread > (largest?.unread ?? 0)) largest = link;
    }
    largest?.breakLargest();
  }
}
