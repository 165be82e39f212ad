/**
 * For tests and benchmarks that need many identities.
 *
 * @module
 */

import { Identity } from "./identity.ts";
import {
  generateKey,
  makeCaCertificate,
  makeOnlineCertificate,
} from "./make_certificate.ts";

/** An identity that is nowhere on disk. */
export function identityInMemory(): Identity {
  const caKey = generateKey("ed25519");
  const key = generateKey("ed25519");
  const commonName = "localhost";
  const ca = makeCaCertificate(caKey);
  const leaf = makeOnlineCertificate(key, { ca, caKey, commonName });
  return new Identity({
    chain: [leaf, ca],
    key,
    names: { certificate: "the certificate", key: "its key" },
    hasCaKey: false,
  });
}
