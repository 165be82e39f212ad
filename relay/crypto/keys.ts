/**
 * Public keys that authorise commands, and their DER form
 * (SubjectPublicKeyInfo, RFC 8410).
 *
 * ```text
 * Ed25519, X25519: 30 2a 30 05 06 03 2b 65 70|6e 03 21 00 | 32 bytes
 * Ed448:           30 43 30 05 06 03 2b 65 71    03 3a 00 | 57 bytes
 * ```
 *
 * @module
 */

/** Algorithms that can authorise a command. */
export type AuthAlgorithm = "ed25519" | "ed448" | "x25519";
/** Algorithms that sign. */
export type SignatureAlgorithm = "ed25519" | "ed448";

/** A public key for signatures (Ed25519, Ed448) or authenticators (X25519). */
export interface AuthKey {
  readonly algorithm: AuthAlgorithm;
  /** 32 bytes, or 57 for Ed448. A view into `spki`. */
  readonly raw: Uint8Array;
  /** DER of the SubjectPublicKeyInfo: 44 bytes, or 69 for Ed448. */
  readonly spki: Uint8Array;
}

const PREFIX_LENGTH = 12;

/** DER before the raw key. Every algorithm's is 12 bytes long. */
const prefixes: Readonly<Record<AuthAlgorithm, Uint8Array>> = {
  ed25519: Uint8Array.fromHex("302a300506032b6570032100"),
  ed448: Uint8Array.fromHex("3043300506032b6571033a00"),
  x25519: Uint8Array.fromHex("302a300506032b656e032100"),
};

const algorithms: readonly AuthAlgorithm[] = ["ed25519", "x25519", "ed448"];

/** Bytes of a raw key, private or public. */
export function rawKeyLength(algorithm: AuthAlgorithm): number {
  return algorithm === "ed448" ? 57 : 32;
}

/**
 * A key from its DER, copied; `undefined` for other algorithms (X448 among
 * them) and for anything that is not exactly this DER. As in the reference,
 * whether the bytes are a point of the curve is not looked at: such a key
 * verifies nothing.
 */
export function decodeAuthKey(spki: Uint8Array): AuthKey | undefined {
  for (const algorithm of algorithms) {
    if (isSpkiOf(algorithm, spki)) return keyOf(algorithm, spki.slice());
  }
  return undefined;
}

/**
 * A key from its raw bytes.
 *
 * @throws {RangeError} when they are not as many as the algorithm's.
 */
export function authKeyFromRaw(
  algorithm: AuthAlgorithm,
  raw: Uint8Array,
): AuthKey {
  if (raw.length !== rawKeyLength(algorithm)) {
    throw new RangeError(`Not the length of a raw ${algorithm} key`);
  }
  const spki = new Uint8Array(PREFIX_LENGTH + raw.length);
  spki.set(prefixes[algorithm]);
  spki.set(raw, PREFIX_LENGTH);
  return keyOf(algorithm, spki);
}

/** The raw 32 bytes of an X25519 key in DER, copied; `undefined` for others. */
export function decodeX25519Spki(spki: Uint8Array): Uint8Array | undefined {
  return isSpkiOf("x25519", spki) ? spki.slice(PREFIX_LENGTH) : undefined;
}

/** DER of a raw X25519 public key: 44 bytes. */
export function encodeX25519Spki(raw: Uint8Array): Uint8Array {
  return authKeyFromRaw("x25519", raw).spki;
}

function keyOf(algorithm: AuthAlgorithm, spki: Uint8Array): AuthKey {
  return { algorithm, raw: spki.subarray(PREFIX_LENGTH), spki };
}

function isSpkiOf(algorithm: AuthAlgorithm, spki: Uint8Array): boolean {
  if (spki.length !== PREFIX_LENGTH + rawKeyLength(algorithm)) return false;
  const prefix = prefixes[algorithm];
  for (let i = 0; i < PREFIX_LENGTH; i++) {
    if (spki[i] !== prefix[i]) return false;
  }
  return true;
}
