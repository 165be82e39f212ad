/**
 * Certificates that browsers trust: a client of certificate authorities
 * (ACME), and what keeps a certificate new.
 *
 * @module
 */

export { type CertificateFacts, certificateFacts } from "./certificates.ts";
export {
  AcmeClient,
  type AcmeClientOptions,
  type ChallengeType,
} from "./client.ts";
export { AcmeError, type AcmeErrorKind } from "./error.ts";
export { type Identifier, identifierOf } from "./identifier.ts";
export { AccountKey } from "./jws.ts";
export {
  CertificateKeeper,
  type KeeperOptions,
  type KeeperStatus,
} from "./keeper.ts";
export { obtainCertificate, type ObtainOptions } from "./obtain.ts";
export {
  ACME_ALPN,
  type Credentials,
  dnsSolver,
  httpSolver,
  type Solver,
  type TextRecords,
  tlsSolver,
} from "./solver.ts";
