/**
 * The relay's identity: CA, online certificate, fingerprint, signed session
 * keys, and the check of other relays' certificate chains.
 *
 * @module
 */

export { adoptIdentity } from "./adopt.ts";
export {
  certificateFingerprint,
  type ChainCheckOptions,
  type ChainFault,
  checkChain,
  checkServiceChain,
  identityCertificate,
} from "./chain.ts";
export {
  type CertificateOptions,
  createIdentity,
  type CreateOptions,
  loadIdentity,
  loadOrCreateIdentity,
  renewOnlineCertificate,
} from "./create.ts";
export {
  type DerElement,
  readBitString,
  readChildren,
  readElement,
  TAG,
  writeBitString,
  writeElement,
  writeOid,
  writeSequence,
  writeTime,
} from "./der.ts";
export { IdentityError, type IdentityErrorCode } from "./errors.ts";
export {
  type CertificateStatus,
  fingerprintText,
  Identity,
  parseFingerprint,
} from "./identity.ts";
export { type IdentityPaths, identityPaths } from "./identity_files.ts";
export type { SignAlgorithm } from "./keys.ts";
export { certificatePem } from "./pem.ts";
export { verifyLeafSignature } from "./leaf_signature.ts";
export { signKey, verifySignedKey } from "./signed_key.ts";
