/**
 * The part of the tar format (POSIX.1-1988 "ustar") that a backup is made of:
 * plain files of known size. So `age -d backup.age | tar t` shows what is in
 * one.
 *
 * ```text
 * header (512) | content, padded with zeros to 512 | header | … | zeros (1024)
 *
 * header  0 name (100) | 100 mode (8) | 108 uid (8) | 116 gid (8)
 *       | 124 size (12) | 136 mtime (12) | 148 checksum (8) | 156 type (1)
 *       | 157 link (100) | 257 "ustar\0" | 263 "00" | 265 … (zeros)
 * ```
 *
 * Numbers are octal digits and a NUL; a size beyond 8 GiB is 0x80 and eleven
 * bytes, the highest first, as GNU tar writes it.
 *
 * @module
 */

import { BackupError } from "./error.ts";

const BLOCK = 512;
const MAX_OCTAL_SIZE = 0o77777777777;

/** Longest name in bytes; names are ASCII. */
export const MAX_NAME = 100;

/** A file in an archive. */
export interface TarEntry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** The header of a file, 512 bytes. `time`: seconds since 1970. */
export function tarHeader(
  { name, size }: TarEntry,
  time: number,
): Uint8Array {
  const header = new Uint8Array(BLOCK);
  put(header, 0, name);
  put(header, 100, "0000600\0");
  put(header, 108, "0000000\0");
  put(header, 116, "0000000\0");
  if (size <= MAX_OCTAL_SIZE) put(header, 124, octal(size, 11));
  else {
    header[124] = 0x80;
    new DataView(header.buffer).setBigUint64(128, BigInt(size));
  }
  put(header, 136, octal(time, 11));
  put(header, 156, "0");
  put(header, 257, "ustar\0");
  put(header, 263, "00");
  put(header, 148, `${octal(checksum(header), 6)} `);
  return header;
}

/** Zeros behind a content of `size` bytes. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - size % BLOCK) % BLOCK);
}

/** The end of an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

/**
 * Reads an archive from front to end: {@link TarReader.next}, then
 * {@link TarReader.content} to its end, and so on.
 */
export class TarReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /**
   * The next file; `undefined` at the end of the archive, when all of the
   * stream has been read.
   *
   * @throws {BackupError} for what a backup does not have
   */
  async next(): Promise<TarEntry | undefined> {
    const header = await this.#exactly(BLOCK);
    if (header.every((byte) => byte === 0)) {
      await this.#end();
      return undefined;
    }
    const sum = Number.parseInt(text(header, 148, 8), 8);
    const blank = header.slice();
    put(blank, 148, "        ");
    const name = text(header, 0, MAX_NAME);
    const size = sizeIn(header);
    const isOurs = sum === checksum(blank) && text(header, 156, 1) === "0" &&
      text(header, 257, 6) === "ustar" && Number.isSafeInteger(size);
    if (!isOurs || size < 0) throw new BackupError(FOREIGN);
    return { name, size };
  }

  /** The content of the file that {@link next} has told, in pieces. */
  async *content({ size }: TarEntry): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      const piece = await this.#some();
      const part = piece.subarray(0, left);
      this.#rest = piece.subarray(part.length);
      left -= part.length;
      yield part;
    }
    await this.#exactly(tarPadding(size).length);
  }

  /** Lets go of the stream. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  async #exactly(size: number): Promise<Uint8Array> {
    const whole = new Uint8Array(size);
    for (let done = 0; done < size;) {
      const piece = await this.#some();
      const part = piece.subarray(0, size - done);
      whole.set(part, done);
      this.#rest = piece.subarray(part.length);
      done += part.length;
    }
    return whole;
  }

  async #some(): Promise<Uint8Array> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#reader.read();
      if (done) throw new BackupError(CUT);
      this.#rest = value;
    }
    return this.#rest;
  }

  /** Only at its end is the encryption known to be whole. */
  async #end(): Promise<void> {
    for (;;) {
      if (this.#rest.some((byte) => byte !== 0)) throw new BackupError(FOREIGN);
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#rest = value;
    }
  }
}

const FOREIGN =
  "This opens, but it is no backup of Porchlight. Nothing was changed.";
const CUT =
  "The backup is cut off: its end is missing. Nothing was changed. Use another copy of it.";

function put(bytes: Uint8Array, at: number, ascii: string): void {
  for (let i = 0; i < ascii.length; i++) bytes[at + i] = ascii.charCodeAt(i);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...end < 0 ? field : field.subarray(0, end));
}

function octal(value: number, digits: number): string {
  return `${Math.floor(value).toString(8).padStart(digits, "0")}\0`;
}

function sizeIn(header: Uint8Array): number {
  if (header[124] === 0x80) {
    const view = new DataView(header.buffer, header.byteOffset);
    return Number(view.getBigUint64(128));
  }
  const digits = text(header, 124, 12);
  return /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : NaN;
}

/** Sum of all bytes, those of the sum itself as blanks. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) {
    sum += i >= 148 && i < 156 ? 0x20 : header[i];
  }
  return sum;
}
