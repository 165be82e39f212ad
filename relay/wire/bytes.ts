/**
 * Small helpers over byte arrays that every layer needs.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";

/** No bytes; the absent entity ID of the protocol. */
export const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Whether both have the same bytes, in a time that depends on their lengths
 * alone.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** All parts behind each other, in a new array. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * A string with one character (U+0000 to U+00FF) a byte, as key of a `Map`.
 * For IDs and keys, not for thousands of bytes.
 */
export function bytesKey(bytes: Uint8Array): string {
  // At once, as a string that was added up would keep its pieces in the map.
  return Reflect.apply(String.fromCharCode, undefined, bytes);
}

/** The bytes of a {@link bytesKey}. */
export function keyBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
  return bytes;
}

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** The bytes of hexadecimal digits; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(text)) return undefined;
  return Uint8Array.fromHex(text);
}

/** Base64 of RFC 4648 section 4, padded. */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** The inverse of {@link toBase64}; same strictness as {@link fromBase64Url}. */
export function fromBase64(text: string): Uint8Array | undefined {
  return decodeBase64(text, {
    alphabet: "base64",
    pattern: /^[A-Za-z0-9+/]*(=*)$/,
  });
}

/** Base64url of RFC 4648 section 5, padded (`strEncode` of `ByteString`). */
export function toBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url" });
}

/**
 * The bytes of base64url text (`strDecode` of `ByteString`): the padding may
 * be left out altogether but not in part, unused bits must be zero, nothing
 * else may stand in it. `undefined` for anything else. The empty text is
 * taken; the reference's parser inside of addresses (`strP`) refuses it.
 */
export function fromBase64Url(text: string): Uint8Array | undefined {
  return decodeBase64(text, {
    alphabet: "base64url",
    pattern: /^[A-Za-z0-9_-]*(=*)$/,
  });
}

function decodeBase64(
  text: string,
  form: { alphabet: "base64" | "base64url"; pattern: RegExp },
): Uint8Array | undefined {
  const match = form.pattern.exec(text);
  if (match === null || (match[1] === "" && text.length % 4 === 1)) {
    return undefined;
  }
  const padded = match[1] === ""
    ? text.padEnd(Math.ceil(text.length / 4) * 4, "=")
    : text;
  try {
    return Uint8Array.fromBase64(padded, {
      alphabet: form.alphabet,
      lastChunkHandling: "strict",
    });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
