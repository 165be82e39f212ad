/**
 * Writes the SimpleX binary encoding (simplexmq 6.5.5, `Encoding` instances in
 * `Simplex.Messaging.Encoding`).
 *
 * A value that does not fit its encoding (a short string over 255 bytes, a
 * full block) is a fault of the program and throws `RangeError`.
 *
 * @module
 */

const encoder = new TextEncoder();

/**
 * A buffer that is written from the front. Methods return the writer, so that
 * fields can be chained in the order of the layout.
 *
 * @example
 * ```ts
 * new Writer().ascii("SUB").finish();
 * Writer.into(block).u16(body.length).bytes(body);
 * ```
 */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;
  #fixed = false;

  /** A writer that grows; `capacity` saves growing when the size is known. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  /**
   * Writes into `block` from its start, never beyond its end: a block that is
   * encrypted in place afterwards needs no copy. Pass a subarray to leave a
   * header out.
   */
  static into(block: Uint8Array): Writer {
    const writer = new Writer(0);
    writer.#bytes = block;
    writer.#fixed = true;
    return writer;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** What was written: a view that later writes may leave behind. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written; the memory is used again. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  /** One byte. */
  byte(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xff) {
      throw new RangeError("Not a byte");
    }
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  /** `Word16`: 2 bytes, big endian. */
  u16(value: number): this {
    const at = this.#reserve(2);
    this.#put16(at, value);
    return this;
  }

  /** `Word32`: 4 bytes, big endian. */
  u32(value: number): this {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
      throw new RangeError("Not a 32-bit number");
    }
    const at = this.#reserve(4);
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    return this;
  }

  /** `Int64`, also `SystemTime` (whole seconds): 8 bytes, big endian. */
  int64(value: number): this {
    if (!Number.isSafeInteger(value)) {
      throw new RangeError("Not a safe integer");
    }
    return this.u32(Math.floor(value / 0x1_0000_0000) >>> 0).u32(value >>> 0);
  }

  /** `Bool`: `T` or `F`. */
  bool(value: boolean): this {
    return this.byte(value ? 0x54 : 0x46);
  }

  /** The characters as they are, one byte each: tags and separators. */
  ascii(text: string): this {
    const at = this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      this.#bytes[at + i] = text.charCodeAt(i);
    }
    return this;
  }

  /** The bytes as they are, without length; also `Tail`. */
  bytes(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** `ByteString`: 1-byte length, bytes. */
  short(bytes: Uint8Array): this {
    if (bytes.length > 255) throw new RangeError("Longer than 255 bytes");
    return this.byte(bytes.length).bytes(bytes);
  }

  /** `Large`: 2-byte length, bytes. */
  large(bytes: Uint8Array): this {
    if (bytes.length > 65535) throw new RangeError("Longer than 65535 bytes");
    return this.u16(bytes.length).bytes(bytes);
  }

  /** `Text`: 1-byte length, UTF-8. */
  text(text: string): this {
    return this.short(encoder.encode(text));
  }

  /** `Maybe`: `0`, or `1` and the value. */
  maybe<T>(
    value: T | undefined,
    write: (writer: this, value: T) => unknown,
  ): this {
    if (value === undefined) return this.byte(0x30);
    this.byte(0x31);
    write(this, value);
    return this;
  }

  /** `smpEncodeList`, `NonEmpty`: 1-byte count, items. */
  list<T>(
    items: readonly T[],
    write: (writer: this, item: T) => unknown,
  ): this {
    if (items.length > 255) throw new RangeError("More than 255 items");
    this.byte(items.length);
    for (const item of items) write(this, item);
    return this;
  }

  /** `Large` whose content `write` puts in place; the length is filled in after. */
  largeOf(write: (writer: this) => unknown): this {
    const at = this.#reserve(2);
    write(this);
    this.#put16(at, this.#length - at - 2);
    return this;
  }

  /** `length` times the byte `value`, as padding. */
  fill(value: number, length: number): this {
    const at = this.#reserve(length);
    this.#bytes.fill(value, at, at + length);
    return this;
  }

  /**
   * A view of the next `length` bytes for the caller to fill at once, for
   * example by encryption; further writes go behind it.
   */
  reserve(length: number): Uint8Array {
    const at = this.#reserve(length);
    return this.#bytes.subarray(at, at + length);
  }

  #put16(at: number, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
      throw new RangeError("Not a 16-bit number");
    }
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  #reserve(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return at;
  }

  #grow(needed: number): void {
    if (this.#fixed) throw new RangeError("Block is full");
    const grown = new Uint8Array(
      Math.max(needed, 2 * this.#bytes.length, 64),
    );
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
