/**
 * Bodies of recent messages, so that a message that is delivered at once is
 * not read back from the store.
 *
 * @module
 */

/** Longest body that `SEND` of any version may have, in bytes. */
const MAX_BODY = 16_088;

/**
 * Keeps the newest bodies. Their memory is used again and again: a buffer of
 * 16 KB for each message would keep the garbage collector busy.
 */
export class BodyCache {
  readonly #bodies = new Map<number, { slot: Uint8Array; length: number }>();
  readonly #free: Uint8Array[] = [];
  readonly #capacity: number;

  /** `capacity`: bodies to keep at most. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Bodies held now. */
  get size(): number {
    return this.#bodies.size;
  }

  /** Copies `body` and keeps it under the message's place in the store. */
  put(seq: number, body: Uint8Array): void {
    if (this.#capacity === 0 || body.length > MAX_BODY) return;
    if (this.#bodies.size >= this.#capacity) {
      const oldest = this.#bodies.keys().next();
      if (!oldest.done) this.remove(oldest.value);
    }
    const slot = this.#free.pop() ?? new Uint8Array(MAX_BODY);
    slot.set(body);
    this.#bodies.set(seq, { slot, length: body.length });
  }

  /** The body, if it is still here; valid until the next change of the cache. */
  get(seq: number): Uint8Array | undefined {
    const body = this.#bodies.get(seq);
    return body?.slot.subarray(0, body.length);
  }

  /** Forgets the body. */
  remove(seq: number): void {
    const body = this.#bodies.get(seq);
    if (body === undefined) return;
    this.#bodies.delete(seq);
    this.#free.push(body.slot);
  }

  /** Forgets everything. */
  clear(): void {
    this.#bodies.clear();
    this.#free.length = 0;
  }
}
