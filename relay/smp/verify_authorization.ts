/**
 * Check of a transmission's authorization against keys, for all protocols
 * (simplexmq 6.5.5, `verifyCmdAuthorization` and `dummyVerifyCmd` in
 * `Simplex.Messaging.Server`).
 *
 * The time it takes depends on the kind of authorization alone: where no key
 * is of its kind, a dummy key is checked.
 *
 * @module
 */

import {
  type AuthKey,
  cbNonce,
  dummyAuthKey,
  type SessionAuthenticator,
  verifySignature,
} from "../crypto/mod.ts";
import {
  type Authorization,
  signedBytes,
  type SignedParts,
} from "./transmission.ts";

/** What an authorization is checked with. */
export interface AuthorizedParts {
  readonly authorization: Authorization;
  readonly correlationId: Uint8Array;
  readonly signed: SignedParts;
  /** The session's; without it no authenticator is right. */
  readonly authenticator: SessionAuthenticator | undefined;
}

/** Whether any of `keys` has authorized the transmission. */
export function verifyAuthorization(
  { authorization, correlationId, signed, authenticator }: AuthorizedParts,
  keys: readonly AuthKey[],
): boolean {
  const algorithm = authorization.kind === "signature"
    ? authorization.algorithm
    : "x25519";
  const verifies = (key: AuthKey) =>
    authorization.kind === "signature"
      ? verifySignature(key, {
        message: signedBytes(signed),
        signature: authorization.bytes,
      })
      : authenticator?.verify(key.raw, {
        nonce: cbNonce(correlationId),
        message: signed.signedPrefix,
        rest: signed.signedRest,
        authenticator: authorization.bytes,
      }) ?? false;
  const fitting = keys.filter((key) => key.algorithm === algorithm);
  if (fitting.length === 0) {
    verifies(dummyAuthKey(algorithm));
    return false;
  }
  return fitting.some(verifies);
}
