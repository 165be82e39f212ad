/**
 * Private keys that authorise commands in their DER form (PKCS #8, RFC 8410
 * section 7; `encodePrivKey`, `decodePrivKey` in `Simplex.Messaging.Crypto`).
 *
 * ```text
 * Ed25519, X25519: 30 2e 02 01 00 30 05 06 03 2b 65 70|6e 04 22 04 20 | 32 bytes
 * Ed448:           30 47 02 01 00 30 05 06 03 2b 65 71    04 3b 04 39 | 57 bytes
 * ```
 *
 * @module
 */

import { concatBytes } from "../wire/mod.ts";
import { type AuthAlgorithm, rawKeyLength } from "./keys.ts";
import type { PrivateAuthKey } from "./signature.ts";

/** DER before the raw key. Every algorithm's is 16 bytes long. */
const prefixes: Readonly<Record<AuthAlgorithm, Uint8Array>> = {
  ed25519: Uint8Array.fromHex("302e020100300506032b657004220420"),
  ed448: Uint8Array.fromHex("3047020100300506032b6571043b0439"),
  x25519: Uint8Array.fromHex("302e020100300506032b656e04220420"),
};
const PREFIX_LENGTH = 16;

const algorithms: readonly AuthAlgorithm[] = ["ed25519", "x25519", "ed448"];

/** DER of a private key: 48 bytes, or 73 for Ed448. A secret. */
export function encodePrivateAuthKey(key: PrivateAuthKey): Uint8Array {
  if (key.raw.length !== rawKeyLength(key.algorithm)) {
    throw new RangeError(`Not the length of a raw ${key.algorithm} key`);
  }
  return concatBytes(prefixes[key.algorithm], key.raw);
}

/**
 * A private key from its DER, copied; `undefined` for other algorithms and for
 * anything that is not exactly this DER.
 */
export function decodePrivateAuthKey(
  der: Uint8Array,
): PrivateAuthKey | undefined {
  const algorithm = algorithms.find((name) =>
    der.length === PREFIX_LENGTH + rawKeyLength(name) &&
    prefixes[name].every((byte, i) => der[i] === byte)
  );
  return algorithm && { algorithm, raw: der.slice(PREFIX_LENGTH) };
}
