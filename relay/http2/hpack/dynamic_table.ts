/**
 * The dynamic table of one direction of a connection (RFC 7541 sections 2.3.2
 * and 4).
 *
 * @module
 */

import type { HeaderField } from "../stream.ts";

/** Bytes that an entry counts beside its name and value (section 4.1). */
const ENTRY_OVERHEAD = 32;

/** What a field counts in tables and in lists (RFC 9113 section 6.5.2). */
export function fieldSize(nameLength: number, valueLength: number): number {
  return nameLength + valueLength + ENTRY_OVERHEAD;
}

/** The fields that were added last, as many as `maxSize` has room for. */
export class DynamicTable {
  /** Oldest first; those before `#first` are gone. */
  #entries: (HeaderField | undefined)[] = [];
  #first = 0;
  #size = 0;
  #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Sum of the entries' sizes. */
  get size(): number {
    return this.#size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Number of entries. */
  get count(): number {
    return this.#entries.length - this.#first;
  }

  /** Changes the room; entries without room go. */
  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.makeRoom(0);
  }

  /** The entry that was added `age` entries before the last. */
  at(age: number): HeaderField | undefined {
    return age < this.count
      ? this.#entries[this.#entries.length - 1 - age]
      : undefined;
  }

  /**
   * Lets entries go until one of `size` has room; false when it never has
   * (then all are gone, section 4.4).
   */
  makeRoom(size: number): boolean {
    while (this.#size + size > this.#maxSize && this.count > 0) this.#evict();
    if (this.#first > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return this.#size + size <= this.#maxSize;
  }

  /** Adds a field after {@link makeRoom} was true for its size. */
  add(field: HeaderField): void {
    this.#entries.push(field);
    this.#size += fieldSize(field[0].length, field[1].length);
  }

  #evict(): void {
    const oldest = this.#entries[this.#first];
    this.#entries[this.#first++] = undefined;
    if (oldest !== undefined) {
      this.#size -= fieldSize(oldest[0].length, oldest[1].length);
    }
  }
}
