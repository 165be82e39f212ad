/**
 * A group of changes as one buffer, so that it crosses to the writer's thread
 * with a single transfer: structured clone of many small arrays costs more
 * than the database does, and would copy the whole pool behind a small Buffer.
 *
 * ```
 * group     = *statement
 * statement = number (1 byte) count (1 byte) *parameter
 * parameter = "\0"                        NULL
 *           | "\1" float64                integer up to 2^53
 *           | "\2" length (uint32) *byte  BLOB
 *           | "\3" length (uint32) *byte  TEXT, UTF-8
 * ```
 * Numbers are little-endian. Both ends are the same build of the relay.
 *
 * @module
 */

/** A value for a parameter of a statement. */
export type Parameter = null | number | string | Uint8Array;

const NULL = 0;
const NUMBER = 1;
const BLOB = 2;
const TEXT = 3;

const INITIAL_SIZE = 64 * 1024;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

/** Puts statements into a buffer that grows. */
export class GroupEncoder {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** `buffer`: one that came back from the writer, to be used again. */
  constructor(buffer?: ArrayBuffer) {
    this.#bytes = new Uint8Array(buffer ?? new ArrayBuffer(INITIAL_SIZE));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes used so far. */
  get length(): number {
    return this.#length;
  }

  /** The buffer; the group is its first `length` bytes. */
  get buffer(): ArrayBuffer {
    return this.#bytes.buffer;
  }

  /** Adds a statement; parameters are copied. */
  add(statement: number, parameters: readonly Parameter[]): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = statement;
    this.#bytes[this.#length++] = parameters.length;
    for (const value of parameters) {
      if (value === null) {
        this.#reserve(1);
        this.#bytes[this.#length++] = NULL;
      } else if (typeof value === "number") {
        this.#reserve(9);
        this.#bytes[this.#length] = NUMBER;
        this.#view.setFloat64(this.#length + 1, value, true);
        this.#length += 9;
      } else if (typeof value === "string") {
        this.#addBytes(TEXT, textEncoder.encode(value));
      } else {
        this.#addBytes(BLOB, value);
      }
    }
  }

  #addBytes(tag: number, bytes: Uint8Array): void {
    this.#reserve(5 + bytes.length);
    this.#bytes[this.#length] = tag;
    this.#view.setUint32(this.#length + 1, bytes.length, true);
    this.#bytes.set(bytes, this.#length + 5);
    this.#length += 5 + bytes.length;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * Calls `run` for each statement in order. BLOBs are views of `buffer`;
 * `parameters` is used again for the next statement.
 */
export function decodeGroup(
  group: { readonly buffer: ArrayBuffer; readonly length: number },
  run: (statement: number, parameters: readonly Parameter[]) => void,
): void {
  const bytes = new Uint8Array(group.buffer, 0, group.length);
  const view = new DataView(group.buffer, 0, group.length);
  const parameters: Parameter[] = [];
  let at = 0;
  while (at < bytes.length) {
    const statement = bytes[at++];
    parameters.length = bytes[at++];
    for (let i = 0; i < parameters.length; i++) {
      const tag = bytes[at++];
      if (tag === NULL) {
        parameters[i] = null;
      } else if (tag === NUMBER) {
        parameters[i] = view.getFloat64(at, true);
        at += 8;
      } else {
        const end = at + 4 + view.getUint32(at, true);
        const value = bytes.subarray(at + 4, end);
        parameters[i] = tag === TEXT ? textDecoder.decode(value) : value;
        at = end;
      }
    }
    run(statement, parameters);
  }
}
