/**
 * Public keys inside commands and messages: the DER of SubjectPublicKeyInfo
 * with a 1-byte length (simplexmq 6.5.5, `Encoding` of `APublicAuthKey` and
 * `PublicKey` in `Simplex.Messaging.Crypto`).
 *
 * @module
 */

import {
  type AuthKey,
  decodeAuthKey,
  decodeX25519Spki,
  encodeX25519Spki,
} from "../crypto/mod.ts";
import { type Reader, WireError, type Writer } from "../wire/mod.ts";

/** Writes a key that authorises commands. */
export function writeAuthKey(writer: Writer, key: AuthKey): void {
  writer.short(key.spki);
}

/**
 * Reads a key that authorises commands: Ed25519, Ed448 or X25519.
 *
 * @throws {WireError} for anything else
 */
export function readAuthKey(reader: Reader): AuthKey {
  const key = decodeAuthKey(reader.short());
  if (key === undefined) throw new WireError("Invalid key");
  return key;
}

/** Writes a raw X25519 public key of 32 bytes. */
export function writeDhKey(writer: Writer, key: Uint8Array): void {
  writer.short(encodeX25519Spki(key));
}

/**
 * Reads an X25519 public key: raw, 32 bytes.
 *
 * @throws {WireError} for anything else
 */
export function readDhKey(reader: Reader): Uint8Array {
  const key = decodeX25519Spki(reader.short());
  if (key === undefined) throw new WireError("Invalid key");
  return key;
}
