/**
 * The four key types of RFC 8410 and their DER.
 *
 * ```
 * SubjectPublicKeyInfo: SEQUENCE { SEQUENCE { OID }, BIT STRING raw key }
 * ```
 *
 * @module
 */

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import {
  readBitString,
  readChildren,
  readElement,
  TAG,
  writeBitString,
  writeElement,
  writeSequence,
} from "./der.ts";

/** Algorithms of certificate keys. */
export type SignAlgorithm = "ed25519" | "ed448";
/** Algorithms of keys, by their `node:crypto` names. */
export type KeyAlgorithm = SignAlgorithm | "x25519" | "x448";

/** Last arc of the OID 1.3.101.n and length of the raw public key in bytes. */
const ALGORITHMS: Record<KeyAlgorithm, { arc: number; length: number }> = {
  x25519: { arc: 110, length: 32 },
  x448: { arc: 111, length: 56 },
  ed25519: { arc: 112, length: 32 },
  ed448: { arc: 113, length: 57 },
};
const NAMES: readonly KeyAlgorithm[] = ["x25519", "x448", "ed25519", "ed448"];

/** A public key out of DER. */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  readonly raw: Uint8Array;
}

/** AlgorithmIdentifier: SEQUENCE { OID 1.3.101.n }, no parameters. */
export function writeAlgorithm(algorithm: KeyAlgorithm) {
  const oid = Uint8Array.of(0x2b, 0x65, ALGORITHMS[algorithm].arc);
  return writeSequence(writeElement(TAG.oid, oid));
}

/** The algorithm that an AlgorithmIdentifier names, if it is one of the four. */
export function readAlgorithm(bytes: Uint8Array): KeyAlgorithm | undefined {
  return NAMES.find((name) => equalBytes(writeAlgorithm(name), bytes));
}

/** DER of a SubjectPublicKeyInfo. */
export function writePublicKey(algorithm: KeyAlgorithm, raw: Uint8Array) {
  return writeSequence(writeAlgorithm(algorithm), writeBitString(raw));
}

/** Reads the DER of a SubjectPublicKeyInfo of one of the four algorithms. */
export function readPublicKey(spki: Uint8Array): PublicKey | undefined {
  const parts = readChildren(readElement(spki));
  if (parts?.length !== 2) return undefined;
  const algorithm = readAlgorithm(parts[0].bytes);
  const raw = readBitString(parts[1]);
  if (!algorithm || raw?.length !== ALGORITHMS[algorithm].length) {
    return undefined;
  }
  return { algorithm, raw };
}

/** DER of the public half of a key. */
export function exportPublicKey(key: KeyObject): Uint8Array {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
}

/** Whether `algorithm` can sign. */
export function isSignAlgorithm(
  algorithm: string | undefined,
): algorithm is SignAlgorithm {
  return algorithm === "ed25519" || algorithm === "ed448";
}

/**
 * Verifies an Ed25519 or Ed448 signature with the key in `spki`. False for
 * whatever does not verify, malformed keys included.
 */
export function verifySignature(
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(spki),
      format: "der",
      type: "spki",
    });
    return verify(null, message, key, signature);
  } catch {
    // node:crypto throws for keys that are no points of the curve.
    return false;
  }
}

/** Compares public bytes; not for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
