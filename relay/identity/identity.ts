/**
 * Who the relay is: its certificate chain and the key of the online
 * certificate, as they were loaded.
 *
 * @module
 */

import { type KeyObject, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import { readCertificate } from "./certificate.ts";
import { certificateFingerprint, checkChain } from "./chain.ts";
import { IdentityError } from "./errors.ts";
import {
  equalBytes,
  exportPublicKey,
  isSignAlgorithm,
  type SignAlgorithm,
} from "./keys.ts";
import { certificatePem, privateKeyPem } from "./pem.ts";
import { signKey } from "./signed_key.ts";

/** An online certificate that ends within this time "expires soon". */
const SOON = 30 * 86_400_000;

/** How the online certificate stands at a point in time. */
export type CertificateStatus =
  | "valid"
  | "expires soon"
  | "expired"
  | "not valid yet";

/** What an {@link Identity} is made of. */
export interface IdentityParts {
  /** DER, leaf first: online certificate, CA, and what stands above it. */
  readonly chain: readonly Uint8Array[];
  /** Private key of the online certificate. */
  readonly key: KeyObject;
  /** Names used in errors. */
  readonly names: { readonly certificate: string; readonly key: string };
  /** There is a CA key beside the certificates. */
  readonly hasCaKey: boolean;
}

/** The relay's identity. Private keys do not show when it is printed. */
export class Identity {
  readonly #key: KeyObject;

  /** SHA-256 of the CA certificate's DER, 32 bytes; part of the address. */
  readonly fingerprint: Uint8Array;
  /** The fingerprint as addresses show it: base64url with padding. */
  readonly fingerprintText: string;
  /** Certificates as TLS and the handshake send them: DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  /** Type of the online certificate's key. */
  readonly leafAlgorithm: SignAlgorithm;
  /** Common name of the online certificate. */
  readonly commonName: string | undefined;
  /** When the online certificate begins and ends to be valid. */
  readonly validFrom: Date;
  readonly validTo: Date;
  /** The CA key is on this machine: a new online certificate can be made. */
  readonly hasCaKey: boolean;

  /**
   * Checks that the parts belong together. Time is not checked: see
   * {@link certificateStatus}.
   *
   * @throws {IdentityError} `mismatch` or `invalid`
   */
  constructor(parts: IdentityParts) {
    const { chain, key, names } = parts;
    const leaf = chain.length > 1 ? readCertificate(chain[0]) : undefined;
    const algorithm = key.asymmetricKeyType;
    if (!leaf || !isSignAlgorithm(algorithm)) {
      throw new IdentityError(
        "invalid",
        `${names.certificate} does not hold the relay's online certificate. ` +
          "Put the file back from a backup.",
      );
    }
    if (!equalBytes(exportPublicKey(key), leaf.publicKey)) {
      throw new IdentityError(
        "mismatch",
        `${names.key} is not the key of the certificate in ` +
          `${names.certificate}: one of the two comes from somewhere else. ` +
          "Put both back from the same backup, or renew the online " +
          "certificate if ca.key is there.",
      );
    }
    this.fingerprint = certificateFingerprint(chain[1]);
    const fault = checkChain(chain, this.fingerprint, { ignoreTime: true });
    if (fault !== "valid") {
      throw new IdentityError(
        "mismatch",
        `The online certificate in ${names.certificate} does not stand up ` +
          `against the CA certificate (${fault}). SimpleX apps would refuse ` +
          "to connect. Put both back from the same backup, or renew the " +
          "online certificate if ca.key is there.",
      );
    }
    this.#key = key;
    this.fingerprintText = fingerprintText(this.fingerprint);
    this.chain = chain;
    this.leafAlgorithm = algorithm;
    this.commonName = leaf.commonName;
    this.validFrom = new Date(leaf.notBefore);
    this.validTo = new Date(leaf.notAfter);
    this.hasCaKey = parts.hasCaKey;
  }

  /** The chain as PEM, leaf first. */
  get chainPem(): string {
    return this.chain.map(certificatePem).join("");
  }

  /** The online certificate's private key as PEM (PKCS#8). A secret. */
  get keyPem(): string {
    return privateKeyPem(this.#key);
  }

  /**
   * A raw X25519 public key (32 bytes), signed with the online certificate's
   * key: DER as it stands in the server's handshake.
   */
  signSessionKey(publicKey: Uint8Array): Uint8Array {
    return signKey(
      { key: this.#key, algorithm: this.leafAlgorithm },
      { algorithm: "x25519", raw: publicKey },
    );
  }

  /**
   * Signature of the online certificate's key over `message`: 64 bytes
   * (Ed25519) or 114 (Ed448).
   */
  sign(message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, message, this.#key));
  }

  /** How the online certificate stands at `now`. */
  certificateStatus(now: Date = new Date()): CertificateStatus {
    if (now < this.validFrom) return "not valid yet";
    const left = this.validTo.getTime() - now.getTime();
    if (left < 0) return "expired";
    return left < SOON ? "expires soon" : "valid";
  }
}

/** Base64url with padding (reference: `strEncode` of `KeyHash`). */
export function fingerprintText(fingerprint: Uint8Array): string {
  const text = Buffer.from(fingerprint).toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/** Reads what {@link fingerprintText} writes, with or without padding. */
export function parseFingerprint(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "base64url"));
}
