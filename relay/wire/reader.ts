/**
 * Reads the SimpleX binary encoding (simplexmq 6.5.5, `Encoding` instances in
 * `Simplex.Messaging.Encoding`). Everything read is hostile: each method
 * either returns a value or throws {@link WireError}, nothing else.
 *
 * @module
 */

/** The bytes are not an encoding of what was asked for. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const ZERO = 0x30;
const ONE = 0x31;
const TRUE = 0x54;
const FALSE = 0x46;
const SPACE = 0x20;

/** Bounds of a list's length; both inclusive. */
export interface ListBounds {
  /** Default 0. */
  readonly min?: number;
  /** Default 255, what the count byte can say. */
  readonly max?: number;
}

/**
 * A position in a buffer. What it returns as `Uint8Array` are views into that
 * buffer, not copies.
 *
 * @example
 * ```ts
 * const reader = new Reader(new Uint8Array([2, 0x68, 0x69, 0x54]));
 * reader.short(); // bytes "hi"
 * reader.bool(); // true
 * ```
 */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether everything was read. */
  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at;
  }

  /** The next byte without reading it; `undefined` at the end. */
  peek(): number | undefined {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at] : undefined;
  }

  /** One byte. */
  byte(): number {
    if (this.#at >= this.#bytes.length) throw new WireError("Input ended");
    return this.#bytes[this.#at++];
  }

  /** `Word16`: 2 bytes, big endian. */
  u16(): number {
    const at = this.#advance(2);
    return this.#bytes[at] << 8 | this.#bytes[at + 1];
  }

  /** `Word32`: 4 bytes, big endian. */
  u32(): number {
    const at = this.#advance(4);
    const bytes = this.#bytes;
    return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
      bytes[at + 3]) >>> 0;
  }

  /**
   * `Int64`: 8 bytes, big endian, two's complement; also `SystemTime`, which
   * is seconds since 1970. Values beyond the safe integers, which the
   * reference takes, are refused.
   */
  int64(): number {
    const high = this.u32() | 0;
    const value = high * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw new WireError("Number too large");
    return value;
  }

  /** `Bool`: `T` or `F`. */
  bool(): boolean {
    const byte = this.byte();
    if (byte === TRUE) return true;
    if (byte === FALSE) return false;
    throw new WireError("Invalid Bool");
  }

  /** `Char`: one byte as the character of that code. */
  char(): string {
    return String.fromCharCode(this.byte());
  }

  /** One byte that is white space (`A.space`: space, `\t` to `\r`). */
  space(): void {
    const byte = this.byte();
    if (byte !== SPACE && (byte < 9 || byte > 13)) {
      throw new WireError("Expected a space");
    }
  }

  /** `length` bytes. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** `ByteString`: 1-byte length, bytes. */
  short(): Uint8Array {
    return this.take(this.byte());
  }

  /** `Large`: 2-byte length, bytes. */
  large(): Uint8Array {
    return this.take(this.u16());
  }

  /** `Tail`: everything that remains, possibly nothing. */
  tail(): Uint8Array {
    const at = this.#at;
    this.#at = this.#bytes.length;
    return this.#bytes.subarray(at);
  }

  /** `Text`: 1-byte length, UTF-8. */
  text(): string {
    const bytes = this.short();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new WireError("Invalid UTF-8", { cause });
    }
  }

  /** The bytes up to `byte`, which is not read, or up to the end. */
  takeTill(byte: number): Uint8Array {
    const found = this.#bytes.indexOf(byte, this.#at);
    return this.take((found < 0 ? this.#bytes.length : found) - this.#at);
  }

  /** The bytes, possibly none, for which `test` holds. */
  takeWhile(test: (byte: number) => boolean): Uint8Array {
    let end = this.#at;
    while (end < this.#bytes.length && test(this.#bytes[end])) end++;
    return this.take(end - this.#at);
  }

  /** `Maybe`: `0`, or `1` and the value. */
  maybe<T>(read: (reader: Reader) => T): T | undefined {
    const byte = this.byte();
    if (byte === ZERO) return undefined;
    if (byte === ONE) return read(this);
    throw new WireError("Invalid Maybe");
  }

  /** `smpListP`: 1-byte count, items. */
  list<T>(read: (reader: Reader) => T, bounds: ListBounds = {}): T[] {
    const count = this.byte();
    if (count < (bounds.min ?? 0)) throw new WireError("Too few items");
    if (count > (bounds.max ?? 255)) throw new WireError("Too many items");
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }

  /** `NonEmpty`: a list of at least one item. */
  nonEmptyList<T>(read: (reader: Reader) => T, max = 255): T[] {
    return this.list(read, { min: 1, max });
  }

  /** Requires that everything was read (`A.endOfInput`). */
  end(): void {
    if (!this.atEnd) throw new WireError("Bytes left over");
  }

  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new WireError("Input ended");
    this.#at = at + length;
    return at;
  }
}

/** How {@link decode} treats the end of the input. */
export interface DecodeOptions {
  /** Bytes may be left over (`A.parseOnly`); default false (`parseAll`). */
  readonly partial?: boolean;
}

/**
 * The boundary between hostile bytes and the program: the value that `read`
 * returns, or `undefined` where the bytes do not encode one. Errors other than
 * {@link WireError} are faults of the program and pass through.
 */
export function decode<T>(
  bytes: Uint8Array,
  read: (reader: Reader) => T,
  options: DecodeOptions = {},
): T | undefined {
  const reader = new Reader(bytes);
  try {
    const value = read(reader);
    if (!options.partial) reader.end();
    return value;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
