/**
 * Decodes blocks of header fields (RFC 7541 section 3).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { HeaderField } from "../stream.ts";
import { DynamicTable, fieldSize } from "./dynamic_table.ts";
import { HpackError, invalid } from "./error.ts";
import { decodeHuffman, huffmanRoom } from "./huffman.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** Bytes of an integer behind its prefix: 28 bits, more than a block has. */
const INTEGER_BYTES = 4;
/** Size of the table before anything is said about it (RFC 9113, 6.5.2). */
const INITIAL_TABLE_SIZE = 4096;

/** Bounds of a decoder. */
export interface HpackDecoderLimits {
  /**
   * Size that the peer may give its table: what is announced to it as
   * `SETTINGS_HEADER_TABLE_SIZE`. 4096 where nothing is announced; with less
   * the blocks that a peer sends before it reads that may fail.
   */
  readonly maxTableSize: number;
  /** Size of a list of fields, as RFC 9113 section 6.5.2 counts it. */
  readonly maxListSize: number;
}

/** Decodes the blocks of one direction of a connection, in their order. */
export class HpackDecoder {
  readonly #table: DynamicTable;
  readonly #maxTableSize: number;
  readonly #maxListSize: number;

  constructor({ maxTableSize, maxListSize }: HpackDecoderLimits) {
    this.#table = new DynamicTable(Math.min(INITIAL_TABLE_SIZE, maxTableSize));
    this.#maxTableSize = maxTableSize;
    this.#maxListSize = maxListSize;
  }

  /**
   * The fields of a whole block. Names and values are strings of bytes
   * (Latin-1), and not checked.
   *
   * @throws {HpackError} `compression` when it is no encoding: the connection
   * cannot go on; `too large` when the list is, which is known before it is in
   * memory: the next block can be decoded
   */
  decode(block: Uint8Array): HeaderField[] {
    const fields: HeaderField[] = [];
    let left = this.#maxListSize;
    const reader = new BlockReader(block);
    let started = false;
    while (!reader.atEnd) {
      const first = reader.peek();
      if ((first & 0xe0) === 0x20) {
        if (started) throw invalid("A table size within the fields");
        this.#resize(reader.integer(5));
        continue;
      }
      started = true;
      if ((first & 0x80) !== 0) {
        const field = this.#field(reader.integer(7));
        left -= fieldSize(field[0].length, field[1].length);
        if (left >= 0) fields.push(field);
        continue;
      }
      const field = this.#literal(reader, left);
      left -= field.size;
      if (left >= 0 && field.made !== undefined) fields.push(field.made);
    }
    if (left < 0) throw new HpackError("too large", "Too many header fields");
    return fields;
  }

  /**
   * A literal field; only made when the list has room for it or the table
   * takes it.
   *
   *   0 1 index (6+)        with indexing
   *   0 0 0 0 index (4+)    without
   *   0 0 0 1 index (4+)    never: as without, for who does not pass it on
   *
   * An index of 0 is followed by the name; then the value.
   */
  #literal(
    reader: BlockReader,
    left: number,
  ): { made: HeaderField | undefined; size: number } {
    const indexed = (reader.peek() & 0x40) !== 0;
    const index = reader.integer(indexed ? 6 : 4);
    const known = index === 0 ? undefined : this.#field(index)[0];
    const name = known ?? reader.string();
    const value = reader.string();
    const size = fieldSize(name.length, value.length);
    const kept = indexed && this.#table.makeRoom(size);
    if (!kept && size > left) return { made: undefined, size };
    const made = [known ?? latin1(name), latin1(value)] as const;
    if (kept) this.#table.add(made);
    return { made, size };
  }

  #field(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#table.at(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw invalid("An index that no table has");
    return field;
  }

  #resize(size: number): void {
    if (size > this.#maxTableSize) throw invalid("A table that is too large");
    this.#table.resize(size);
  }
}

/** Position in a block. */
class BlockReader {
  readonly #block: Uint8Array;
  #at = 0;
  /** Where decoded strings go, all of the block's; made when there is one. */
  #decoded: Uint8Array | undefined;
  #filled = 0;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get atEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  /** The next byte, which stays. */
  peek(): number {
    if (this.atEnd) throw invalid("The block is cut off");
    return this.#block[this.#at];
  }

  /** An integer with a prefix of `bits` (section 5.1). */
  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.peek() & most;
    this.#at++;
    if (value < most) return value;
    for (let i = 0; i < INTEGER_BYTES; i++) {
      const byte = this.peek();
      this.#at++;
      value += (byte & 0x7f) << 7 * i;
      if ((byte & 0x80) === 0) return value;
    }
    throw invalid("A number that is too large");
  }

  /**
   * A string's bytes, valid as long as the block (section 5.2):
   *
   *   H length (7+) | bytes, as Huffman code where H
   */
  string(): Uint8Array {
    const coded = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    if (length > this.#block.length - this.#at) {
      throw invalid("The block is cut off");
    }
    const bytes = this.#block.subarray(this.#at, this.#at += length);
    if (!coded) return bytes;
    this.#decoded ??= new Uint8Array(huffmanRoom(this.#block.length));
    const offset = this.#filled;
    this.#filled = decodeHuffman(bytes, this.#decoded, { offset });
    return this.#decoded.subarray(offset, this.#filled);
  }
}

function latin1(bytes: Uint8Array | string): string {
  if (typeof bytes === "string") return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("latin1");
}
