/**
 * A client that is a service: what it sends in the handshake and signs with
 * (simplexmq 6.5.5, `smpClientHandshake` in `Simplex.Messaging.Transport`,
 * `authTransmission` in `.Client`).
 *
 * @module
 */

import { createPrivateKey } from "node:crypto";
import { generateAuthKeyPair, type PrivateAuthKey } from "../../crypto/mod.ts";
import {
  certificateFingerprint,
  identityCertificate,
  signKey,
} from "../../identity/mod.ts";
import type { ServiceRole } from "../commands.ts";
import type { ServiceHello, ServiceResponse } from "../handshake_codec.ts";
import { SmpClientError } from "./error.ts";

/**
 * Who a service is. TLS has to be dialed with the same certificates and key:
 * these are `TlsCredentials` as well.
 */
export interface ServiceCredentials {
  readonly role: ServiceRole;
  /** Leaf first, then its issuers, DER each; one that is self-signed will do. */
  readonly certificates: readonly Uint8Array[];
  /** Private key of the leaf, Ed25519 or Ed448: PEM (`PRIVATE KEY`). */
  readonly key: string;
}

/** A session as a service. */
export interface ServiceSession {
  /** The relay's name for the service, 24 bytes. */
  readonly id: Uint8Array;
  /** SHA-256 of the certificate that identifies the service. */
  readonly certificateHash: Uint8Array;
  /** Ed25519 key of this session. */
  readonly key: PrivateAuthKey;
}

/** The service's part of the client's hello, with a new key of the session. */
export function makeServiceHello(
  { role, certificates, key }: ServiceCredentials,
): { readonly hello: ServiceHello; readonly key: PrivateAuthKey } {
  const { publicKey, privateKey } = generateAuthKeyPair("ed25519");
  const signer = createPrivateKey(key);
  const algorithm = signer.asymmetricKeyType;
  if (algorithm !== "ed25519" && algorithm !== "ed448") {
    throw new TypeError("The key of a service is an Ed25519 or Ed448 key");
  }
  const signedKey = signKey({ key: signer, algorithm }, {
    algorithm: "ed25519",
    raw: publicKey.raw,
  });
  return {
    hello: { role, key: { chain: certificates, signedKey } },
    key: privateKey,
  };
}

/**
 * The session that the relay agreed to.
 *
 * @throws {SmpClientError} `service` when it did not
 */
export function serviceSession(
  { certificates }: ServiceCredentials,
  response: ServiceResponse | undefined,
  key: PrivateAuthKey,
): ServiceSession {
  if (response === undefined) {
    throw new SmpClientError("protocol", "The relay did not answer a service");
  }
  if (response.error !== undefined) {
    const { error } = response;
    const reason = error.type === "HANDSHAKE" ? error.reason : error.type;
    throw new SmpClientError(
      "service",
      `The relay does not take this client as a service: ${reason}`,
    );
  }
  const identity = identityCertificate(certificates);
  if (identity === undefined) throw new TypeError("No certificates");
  return {
    id: response.serviceId.slice(),
    certificateHash: certificateFingerprint(identity),
    key,
  };
}
