/**
 * Random bytes and nonces.
 *
 * @module
 */

/** Bytes of a nonce; also of the relay's random IDs. */
export const NONCE_SIZE = 24;

/**
 * Bytes of the system's cryptographic generator, at most 65536. Measured at
 * 0.1 µs for an ID: a pool of our own would save nothing.
 */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * The nonce of the given bytes (`cbNonce`): cut to 24, or filled up with
 * zeros. A correlation ID of any length is a nonce this way.
 */
export function cbNonce(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= NONCE_SIZE) return bytes.subarray(0, NONCE_SIZE);
  const nonce = new Uint8Array(NONCE_SIZE);
  nonce.set(bytes);
  return nonce;
}

/** The nonce backwards (`reverseNonce`), for the answer to a forwarded message. */
export function reverseNonce(nonce: Uint8Array): Uint8Array {
  return nonce.toReversed();
}
