/**
 * Bodies of recent messages, so that a message that is delivered at once is
 * not read back from the store.
 *
 * @module
 */

/** Keeps the newest bodies up to a number of bytes. */
export class BodyCache {
  readonly #bodies = new Map<number, Uint8Array>();
  readonly #capacity: number;
  #bytes = 0;

  /** `capacity`: bytes of bodies to keep. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps `body` under the message's place in the store. */
  put(seq: number, body: Uint8Array): void {
    if (body.length > this.#capacity) return;
    this.#bodies.set(seq, body);
    this.#bytes += body.length;
    while (this.#bytes > this.#capacity) {
      const oldest = this.#bodies.keys().next();
      if (oldest.done) break;
      this.remove(oldest.value);
    }
  }

  /** The body, if it is still here. */
  get(seq: number): Uint8Array | undefined {
    return this.#bodies.get(seq);
  }

  /** Forgets the body. */
  remove(seq: number): void {
    const body = this.#bodies.get(seq);
    if (body === undefined) return;
    this.#bodies.delete(seq);
    this.#bytes -= body.length;
  }

  /** Forgets everything. */
  clear(): void {
    this.#bodies.clear();
    this.#bytes = 0;
  }
}
