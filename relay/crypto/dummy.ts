/**
 * Keys of nobody. Where there is no queue, the relay verifies with one of
 * these before it answers `AUTH`, so that the time does not tell
 * (`dummyVerifyCmd` in `Simplex.Messaging.Server`).
 *
 * @module
 */

import type { AuthAlgorithm, AuthKey } from "./keys.ts";
import { generateAuthKeyPair } from "./signature.ts";

const dummies = new Map<AuthAlgorithm, AuthKey>();

/** A valid public key whose private key was thrown away; the same every time. */
export function dummyAuthKey(algorithm: AuthAlgorithm): AuthKey {
  let key = dummies.get(algorithm);
  if (key === undefined) {
    key = generateAuthKeyPair(algorithm).publicKey;
    dummies.set(algorithm, key);
  }
  return key;
}
