/**
 * A key signed by the key of a certificate, as both ends send it in the
 * handshake (reference: Simplex.Messaging.Crypto `signX509`, `verifyX509`; the
 * type is `SignedExact PubKey`).
 *
 * ```
 * SEQUENCE {
 *   SEQUENCE { SubjectPublicKeyInfo },   the bytes that are signed
 *   AlgorithmIdentifier,                 Ed25519 or Ed448
 *   BIT STRING signature                 64 or 114 bytes
 * }
 * ```
 *
 * The inner SEQUENCE around the SubjectPublicKeyInfo is what the reference's
 * X.509 library puts around every object it signs.
 *
 * @module
 */

import { type KeyObject, sign } from "node:crypto";
import { readCertificate } from "./certificate.ts";
import {
  readBitString,
  readChildren,
  readElement,
  TAG,
  writeBitString,
  writeSequence,
} from "./der.ts";
import {
  isSignAlgorithm,
  type KeyAlgorithm,
  readAlgorithm,
  readPublicKey,
  type SignAlgorithm,
  verifySignature,
  writeAlgorithm,
  writePublicKey,
} from "./keys.ts";

/** The key that {@link signKey} signs with. */
export interface Signer {
  readonly key: KeyObject;
  readonly algorithm: SignAlgorithm;
}

/** DER of a raw public key of `algorithm`, signed. */
export function signKey(
  signer: Signer,
  key: { readonly algorithm: KeyAlgorithm; readonly raw: Uint8Array },
): Uint8Array {
  const signed = writeSequence(writePublicKey(key.algorithm, key.raw));
  const signature = sign(null, signed, signer.key);
  return writeSequence(
    signed,
    writeAlgorithm(signer.algorithm),
    writeBitString(signature),
  );
}

/**
 * The raw public key (32 bytes) inside `signedKey`, if it is a key of
 * `algorithm` (X25519 unless given: session keys; Ed25519: keys of service
 * sessions) with a right signature of the key of the certificate `leaf`; else
 * `undefined`. Both are DER from the network.
 */
export function verifySignedKey(
  leaf: Uint8Array,
  signedKey: Uint8Array,
  options: { readonly algorithm?: "x25519" | "ed25519" } = {},
): Uint8Array | undefined {
  const parts = readChildren(readElement(signedKey));
  if (parts?.length !== 3 || parts[0].tag !== TAG.sequence) return undefined;
  const [signed, algorithm, signature] = parts;
  const key = readPublicKey(signed.content);
  if (key?.algorithm !== (options.algorithm ?? "x25519")) return undefined;
  const certificate = readCertificate(leaf);
  const signatureBytes = readBitString(signature);
  if (!certificate || !signatureBytes) return undefined;
  const signAlgorithm = readAlgorithm(algorithm.bytes);
  if (
    !isSignAlgorithm(signAlgorithm) ||
    signAlgorithm !== readPublicKey(certificate.publicKey)?.algorithm
  ) return undefined;
  return verifySignature(certificate.publicKey, signed.bytes, signatureBytes)
    ? key.raw
    : undefined;
}
