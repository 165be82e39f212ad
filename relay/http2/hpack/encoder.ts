/**
 * Encodes blocks of header fields (RFC 7541 section 6).
 *
 * @module
 */

import type { HeaderField } from "../stream.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { findStatic } from "./static_table.ts";

/** Size of the table before anything is said about it (RFC 9113, 6.5.2). */
const INITIAL_TABLE_SIZE = 4096;
/** First room for a block, bytes. */
const FIRST_ROOM = 256;
/** Most bytes of an integer: 32 bits behind a prefix. */
const INTEGER_ROOM = 6;

/** Fields that nobody on the way may keep in a table (section 7.1.3). */
const NEVER_INDEXED = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

/**
 * Encodes the blocks of one direction of a connection, in their order. It puts
 * nothing into the peer's table: what it says again and again is in the static
 * table, and a table would cost memory at both ends of each connection.
 */
export class HpackEncoder {
  #tableSize = INITIAL_TABLE_SIZE;
  #resized = false;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_ROOM);
  #at = 0;

  /**
   * Takes the peer's `SETTINGS_HEADER_TABLE_SIZE`. The next block tells it that
   * its table got smaller (section 4.2); larger it never gets.
   */
  setMaxTableSize(n: number): void {
    if (n >= this.#tableSize) return;
    this.#tableSize = n;
    this.#resized = true;
  }

  /**
   * The block of these fields, names in lower case.
   *
   * @throws {RangeError} for a name or value that is no string of bytes
   * (Latin-1); nothing is encoded then
   */
  encode(fields: readonly HeaderField[]): Uint8Array<ArrayBuffer> {
    for (const [name, value] of fields) {
      checkBytes(name);
      checkBytes(value);
    }
    this.#at = 0;
    if (this.#resized) {
      this.#resized = false;
      this.#integer(this.#tableSize, 5, 0x20);
    }
    for (const [name, value] of fields) this.#field(name, value);
    const block = this.#block.slice(0, this.#at);
    if (this.#block.length > FIRST_ROOM) {
      this.#block = new Uint8Array(FIRST_ROOM);
    }
    return block;
  }

  #field(name: string, value: string): void {
    const match = findStatic(name, value);
    if (match?.whole) {
      this.#integer(match.index, 7, 0x80);
      return;
    }
    this.#integer(match?.index ?? 0, 4, NEVER_INDEXED.has(name) ? 0x10 : 0);
    if (match === undefined) this.#string(name);
    this.#string(value);
  }

  #integer(value: number, bits: number, flags: number): void {
    this.#makeRoom(INTEGER_ROOM);
    const most = (1 << bits) - 1;
    if (value < most) {
      this.#block[this.#at++] = flags | value;
      return;
    }
    this.#block[this.#at++] = flags | most;
    let rest = value - most;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#block[this.#at++] = rest & 0x7f | 0x80;
    }
    this.#block[this.#at++] = rest;
  }

  #string(text: string): void {
    const coded = huffmanLength(text);
    if (coded < text.length) {
      this.#integer(coded, 7, 0x80);
      this.#makeRoom(coded);
      encodeHuffman(text, this.#block, { offset: this.#at });
      this.#at += coded;
      return;
    }
    this.#integer(text.length, 7, 0);
    this.#makeRoom(text.length);
    for (let i = 0; i < text.length; i++) {
      this.#block[this.#at++] = text.charCodeAt(i);
    }
  }

  #makeRoom(more: number): void {
    const least = this.#at + more;
    if (least <= this.#block.length) return;
    const block = new Uint8Array(Math.max(least, this.#block.length * 2));
    block.set(this.#block.subarray(0, this.#at));
    this.#block = block;
  }
}

function checkBytes(text: string): void {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) {
      throw new RangeError("Cannot encode a header field that is not Latin-1");
    }
  }
}
