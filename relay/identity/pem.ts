/**
 * PEM (RFC 7468) of certificates and PKCS#8 private keys.
 *
 * @module
 */

import { createPrivateKey, type KeyObject } from "node:crypto";
import { Buffer } from "node:buffer";
import { readCertificate } from "./certificate.ts";
import { IdentityError } from "./errors.ts";
import { isSignAlgorithm } from "./keys.ts";

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\s]*?)-----END CERTIFICATE-----/g;

/** PEM of a certificate, ending in a newline. */
export function certificatePem(der: Uint8Array): string {
  const base64 = Buffer.from(der).toString("base64");
  const lines = base64.replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/** PEM of a private key (PKCS#8), ending in a newline. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * All certificates (DER) of a PEM text, at least one. `file` is named in the
 * error.
 *
 * @throws {IdentityError} `invalid`
 */
export function parseCertificates(text: string, file: string): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  for (const [, base64] of text.matchAll(CERTIFICATE)) {
    const der = new Uint8Array(Buffer.from(base64, "base64"));
    if (!readCertificate(der)) {
      throw new IdentityError(
        "invalid",
        `${file} is damaged: it holds something that is not a certificate. ` +
          "Put the file back from a backup.",
      );
    }
    certificates.push(der);
  }
  // A block that is cut off has a beginning and no end.
  const begun = text.split("-----BEGIN").length - 1;
  if (certificates.length === 0 || begun !== certificates.length) {
    throw new IdentityError(
      "invalid",
      `${file} is not a file of certificates: it is empty, cut off, or ` +
        "something else. It begins with -----BEGIN CERTIFICATE----- when it " +
        "is right. Put the file back from a backup.",
    );
  }
  return certificates;
}

/**
 * The Ed25519 or Ed448 private key of a PEM text. `file` is named in the error.
 *
 * @throws {IdentityError} `invalid`
 */
export function parsePrivateKey(text: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    const reason = text.includes("ENCRYPTED")
      ? "it is locked with a password, which the relay does not have"
      : "it is empty, damaged or cut off";
    throw new IdentityError(
      "invalid",
      `The private key in ${file} cannot be read: ${reason}. ` +
        "Put the file back from a backup.",
      { cause },
    );
  }
  if (!isSignAlgorithm(key.asymmetricKeyType)) {
    throw new IdentityError(
      "invalid",
      `${file} holds a key of type ${key.asymmetricKeyType}. SimpleX relays ` +
        "use Ed25519 or Ed448 keys: perhaps this is the key of a website. " +
        "Put the relay's own key there.",
    );
  }
  return key;
}
