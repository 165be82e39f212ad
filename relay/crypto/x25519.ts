/**
 * Diffie-Hellman on Curve25519 (RFC 7748), by libsodium.
 *
 * @module
 */

import { randomBytes } from "./random.ts";
import { sodium } from "./sodium.ts";

/** Bytes of a key, private or public, and of a shared secret. */
export const X25519_SIZE = 32;

/** Both halves of an X25519 key, raw, 32 bytes each. */
export interface X25519KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** A new random key pair. */
export function generateX25519(): X25519KeyPair {
  const privateKey = randomBytes(X25519_SIZE);
  return { publicKey: x25519PublicKey(privateKey), privateKey };
}

/** The public key of a raw private key. */
export function x25519PublicKey(privateKey: Uint8Array): Uint8Array {
  const publicKey = new Uint8Array(X25519_SIZE);
  sodium.crypto_scalarmult_base(publicKey, privateKey);
  return publicKey;
}

/**
 * The raw 32-byte shared secret (`dh'`), before any hashing.
 *
 * `undefined` when the peer's key is one of the few points of low order, whose
 * secret is zero for everybody (RFC 7748 section 6.1), or is not 32 bytes.
 * The reference goes on with the zero secret there; no honest client has such
 * a key, so the relay takes it as "not authorised".
 *
 * @throws {RangeError} when the private key is not 32 bytes.
 */
export function dh(
  peerPublicKey: Uint8Array,
  privateKey: Uint8Array,
): Uint8Array | undefined {
  if (privateKey.length !== X25519_SIZE) {
    throw new RangeError("An X25519 private key has 32 bytes");
  }
  if (peerPublicKey.length !== X25519_SIZE) return undefined;
  const secret = new Uint8Array(X25519_SIZE);
  try {
    sodium.crypto_scalarmult(secret, privateKey, peerPublicKey);
  } catch (error) {
    // With the lengths checked, a status is all that libsodium can report.
    if (error instanceof Error && error.message.startsWith("status")) {
      return undefined;
    }
    throw error;
  }
  return secret;
}
