/**
 * What the key of an online certificate signs beside session keys.
 *
 * @module
 */

import { readCertificate } from "./certificate.ts";
import { verifySignature } from "./keys.ts";

/**
 * Whether `signature` is of the key of the certificate `leaf` (DER), as
 * `Identity.sign` makes it: Ed25519 or Ed448. False for whatever does not
 * verify, malformed bytes included.
 */
export function verifyLeafSignature(
  leaf: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const certificate = readCertificate(leaf);
  return certificate !== undefined &&
    verifySignature(certificate.publicKey, message, signature);
}
