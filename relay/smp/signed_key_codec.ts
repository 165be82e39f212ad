/**
 * Encoding of a session key signed with a certificate (simplexmq 6.5.5,
 * `CertChainPubKey` in `Simplex.Messaging.Transport`, `encodeCertChain` and
 * `SignedObject` in `.Crypto`). In the relay's hello, in the hello of a
 * service, and in `PKEY`.
 *
 * ```text
 * count (1) | for each certificate: length (2), DER | length (2), signed key
 * ```
 *
 * @module
 */

import type { Reader, Writer } from "../wire/mod.ts";
import type { SignedSessionKey } from "./messages.ts";

/** Writes certificates and signed key. */
export function writeSignedSessionKey(
  writer: Writer,
  key: SignedSessionKey,
): void {
  writer.list(key.chain, (w, certificate) => w.large(certificate));
  writer.large(key.signedKey);
}

/**
 * Reads certificates, at least one, and signed key, as views. Unlike the
 * reference it does not look into them: who verifies the key does.
 *
 * @throws {WireError} when the bytes end before
 */
export function readSignedSessionKey(reader: Reader): SignedSessionKey {
  return {
    chain: reader.nonEmptyList((r) => r.large()),
    signedKey: reader.large(),
  };
}
