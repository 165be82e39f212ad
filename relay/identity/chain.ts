/**
 * Checks certificate chains (reference: Simplex.Messaging.Transport.Shared
 * `chainIdCaCerts` and `x509validate`, Transport.Client
 * `validateCertificateChain`, Transport.Server `validateClientCertificate`).
 *
 * ```
 * 1 certificate:   leaf                           service clients only
 * 2 certificates:  leaf, identity                 what this relay sends
 * 3 certificates:  leaf, identity, operator
 * 4 certificates:  leaf, identity, network, operator
 * ```
 *
 * The identity certificate is the one whose SHA-256 is the fingerprint of the
 * address. The reference trusts the last certificate and takes any way from
 * the leaf to it; here each certificate has to be signed by the next, so that
 * the identity certificate cannot be a bystander in a chain of somebody else.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Certificate, readCertificate } from "./certificate.ts";
import {
  equalBytes,
  isSignAlgorithm,
  readPublicKey,
  verifySignature,
} from "./keys.ts";

/** Why a chain is not accepted. */
export type ChainFault =
  | "no certificates"
  | "too few certificates"
  | "too many certificates"
  | "malformed certificate"
  | "other identity"
  | "leaf is not version 3"
  | "key is neither Ed25519 nor Ed448"
  | "unknown critical extension"
  | "not valid yet"
  | "expired"
  | "issued by another name"
  | "issuer is not an authority"
  | "bad signature";

/** How {@link checkChain} looks at time. */
export interface ChainCheckOptions {
  /** Time of the check; the system's unless given. */
  readonly now?: Date;
  /** Accepts certificates of any time. */
  readonly ignoreTime?: boolean;
}

/** SHA-256 of the DER of a certificate (reference: `certificateFingerprint`). */
export function certificateFingerprint(
  der: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(der).digest());
}

/**
 * The certificate of a chain (leaf first) that is the identity of its owner;
 * `undefined` for lengths that are not allowed. A chain of one is its own
 * identity, which only service clients may have.
 */
export function identityCertificate(
  chain: readonly Uint8Array[],
): Uint8Array | undefined {
  return chain.length > 4 ? undefined : chain[1] ?? chain[0];
}

/**
 * A client's check of a server's chain (DER each, leaf first) against the
 * fingerprint (32 bytes) in the server's address.
 */
export function checkChain(
  chain: readonly Uint8Array[],
  fingerprint: Uint8Array,
  options: ChainCheckOptions = {},
): "valid" | ChainFault {
  if (chain.length === 0) return "no certificates";
  if (chain.length === 1) return "too few certificates";
  if (chain.length > 4) return "too many certificates";
  if (!equalBytes(certificateFingerprint(chain[1]), fingerprint)) {
    return "other identity";
  }
  return checkLinks(chain, options);
}

/**
 * A server's check of the chain of a service client: as {@link checkChain}, but
 * any identity, and a single self-signed certificate will do. The caller tells
 * clients apart by the fingerprint of {@link identityCertificate}.
 */
export function checkServiceChain(
  chain: readonly Uint8Array[],
  options: ChainCheckOptions = {},
): "valid" | ChainFault {
  if (chain.length === 0) return "no certificates";
  if (chain.length > 4) return "too many certificates";
  return checkLinks(chain.length === 1 ? [chain[0], chain[0]] : chain, options);
}

function checkLinks(
  chain: readonly Uint8Array[],
  options: ChainCheckOptions,
): "valid" | ChainFault {
  const certificates: Certificate[] = [];
  for (const der of chain) {
    const certificate = readCertificate(der);
    if (!certificate) return "malformed certificate";
    certificates.push(certificate);
  }
  if (certificates[0].version !== 3) return "leaf is not version 3";
  // Before the signatures, which cost most.
  for (let level = 0; level < certificates.length - 1; level++) {
    const fault = checkFields(certificates, level, options);
    if (fault) return fault;
  }
  for (let level = 0; level < certificates.length - 1; level++) {
    const { signed, signature, signatureAlgorithm } = certificates[level];
    const { publicKey } = certificates[level + 1];
    const algorithm = readPublicKey(publicKey)?.algorithm;
    if (signatureAlgorithm !== algorithm) return "bad signature";
    if (!verifySignature(publicKey, signed, signature)) return "bad signature";
  }
  return "valid";
}

/** The last certificate of a chain is trusted: only its name and key count. */
function checkFields(
  certificates: readonly Certificate[],
  level: number,
  options: ChainCheckOptions,
): ChainFault | undefined {
  const certificate = certificates[level];
  const issuer = certificates[level + 1];
  for (const { publicKey } of [certificate, issuer]) {
    if (!isSignAlgorithm(readPublicKey(publicKey)?.algorithm)) {
      return "key is neither Ed25519 nor Ed448";
    }
  }
  if (certificate.unknownCritical) return "unknown critical extension";
  if (!options.ignoreTime) {
    const now = (options.now ?? new Date()).getTime();
    if (now < certificate.notBefore) return "not valid yet";
    if (now > certificate.notAfter) return "expired";
  }
  if (!equalBytes(certificate.issuer, issuer.subject)) {
    return "issued by another name";
  }
  const intermediate = level + 1 < certificates.length - 1;
  const allowed = issuer.isAuthority && (issuer.pathLength ?? level) >= level;
  return intermediate && !allowed ? "issuer is not an authority" : undefined;
}
