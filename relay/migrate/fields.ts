/**
 * The text encoding of the reference's files, field by field (simplexmq
 * 6.5.5, `StrEncoding` in `Simplex.Messaging.Encoding.String`): words behind
 * single spaces, bytes as base64url with padding, numbers in decimal.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { decodeAuthKey } from "../crypto/mod.ts";

/** Bytes of the IDs of queues, messages, links and services. */
export const ID_SIZE = 24;

/** Bytes of an X25519 shared secret. */
const SECRET_SIZE = 32;

/** Seconds of a day: times of queues and services are rounded to days. */
export const DAY_SECONDS = 86_400;

/** A line is not what it should be; the message says what is wrong with it. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Reads one line from its beginning to its end. */
export class FieldReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether all is read. */
  get done(): boolean {
    return this.#at === this.#text.length;
  }

  /** Reads `text` if it stands here. */
  takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /**
   * Reads `text`.
   *
   * @throws {FormatError} where there is something else
   */
  expect(text: string): void {
    if (!this.takes(text)) {
      throw new FormatError(
        text === " " ? "it ends too early" : `"${text.trim()}" is missing`,
      );
    }
  }

  /** Reads up to the next space, or to the end. */
  word(): string {
    const end = this.#text.indexOf(" ", this.#at);
    const from = this.#at;
    this.#at = end < 0 ? this.#text.length : end;
    return this.#text.slice(from, this.#at);
  }

  /** Reads the rest. */
  rest(): string {
    const from = this.#at;
    this.#at = this.#text.length;
    return this.#text.slice(from);
  }

  /** @throws {FormatError} where the line goes on */
  end(): void {
    if (!this.done) throw new FormatError("it goes on where it should end");
  }

  /**
   * Reads bytes; `what` names them in the error.
   *
   * @throws {FormatError}
   */
  bytes(what: string): Uint8Array {
    return bytesOf(this.word(), what);
  }

  /** Reads an ID of 24 bytes. @throws {FormatError} */
  id(what: string): Uint8Array {
    const id = this.bytes(what);
    if (id.length !== ID_SIZE) throw new FormatError(`${what} is not an ID`);
    return id;
  }

  /** Reads a shared secret of 32 bytes. @throws {FormatError} */
  secret(what: string): Uint8Array {
    const secret = this.bytes(what);
    if (secret.length !== SECRET_SIZE) {
      throw new FormatError(`${what} has another size`);
    }
    return secret;
  }

  /** Reads a key that authorises commands, as its DER. @throws {FormatError} */
  key(what: string): Uint8Array {
    return keyOf(this.word(), what);
  }

  /** Reads such keys with commas between them, at least one. @throws {FormatError} */
  keys(what: string): Uint8Array[] {
    return this.word().split(",").map((text) => keyOf(text, what));
  }

  /** Reads a whole number. @throws {FormatError} */
  integer(what: string): number {
    const word = this.word();
    const value = /^[+-]?\d{1,15}$/.test(word) ? Number(word) : NaN;
    if (Number.isNaN(value)) throw new FormatError(`${what} is not a number`);
    return value;
  }

  /** Reads a time in seconds since 1970 as the day it is in. @throws {FormatError} */
  day(what: string): number {
    return Math.floor(this.integer(what) / DAY_SECONDS);
  }
}

/**
 * Bytes from base64url, with or without padding; at least one.
 *
 * @throws {FormatError}
 */
export function bytesOf(text: string, what: string): Uint8Array {
  if (text === "") throw new FormatError(`${what} is missing`);
  const bytes = Buffer.from(text, "base64url");
  // Node skips what is not base64url, so the length tells.
  const digits = text.length - (/={0,2}$/.exec(text)?.[0].length ?? 0);
  if (
    digits % 4 === 1 || bytes.length !== Math.floor(digits * 3 / 4) ||
    /[+/]/.test(text)
  ) throw new FormatError(`${what} is damaged`);
  return bytes;
}

/** Bytes as base64url with padding. */
export function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** A key that authorises commands, as its DER. @throws {FormatError} */
export function keyOf(text: string, what: string): Uint8Array {
  const spki = bytesOf(text, what);
  if (decodeAuthKey(spki) === undefined) {
    throw new FormatError(`${what} is not a key`);
  }
  return spki;
}
