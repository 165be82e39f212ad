/**
 * Makes the CA and the online certificate with the names, extensions and
 * validity that the reference's `init` gives them (Simplex.Messaging.Server.CLI
 * `createServerX509`), without the `openssl` program.
 *
 * @module
 */

import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { readCertificate } from "./certificate.ts";
import {
  TAG,
  writeBitString,
  writeElement,
  writeOid,
  writeSequence,
  writeTime,
} from "./der.ts";
import {
  exportPublicKey,
  isSignAlgorithm,
  readPublicKey,
  type SignAlgorithm,
  writeAlgorithm,
} from "./keys.ts";

/** Days a certificate is valid. */
const VALIDITY_DAYS = 999_999;
const DAY = 86_400_000;
/** The longest common name and organization that RFC 5280 allows. */
const NAME_LENGTH_MAX = 64;

/** A key pair for certificates. */
export function generateKey(algorithm: SignAlgorithm): KeyObject {
  return algorithm === "ed25519"
    ? generateKeyPairSync("ed25519").privateKey
    : generateKeyPairSync("ed448").privateKey;
}

/**
 * DER of a self-signed CA certificate. `organization` is "SimpleX" unless
 * given.
 *
 * @throws {RangeError} for a name that is empty, too long, or has control
 * characters
 */
export function makeCaCertificate(
  key: KeyObject,
  organization = "SimpleX",
): Uint8Array<ArrayBuffer> {
  const name = writeName("SMP server CA", organization);
  return makeCertificate({
    issuer: name,
    issuerKey: key,
    subject: name,
    subjectKey: key,
    extensions: (ids) => [
      writeExtension("2.5.29.14", ids.subject),
      writeExtension("2.5.29.35", ids.issuer),
      writeExtension(
        "2.5.29.19",
        writeSequence(TRUE),
        { critical: true },
      ),
    ],
  });
}

/**
 * DER of an online certificate for `key`, issued by the CA.
 *
 * @throws {RangeError} as {@link makeCaCertificate}
 */
export function makeOnlineCertificate(
  key: KeyObject,
  options: {
    readonly ca: Uint8Array;
    readonly caKey: KeyObject;
    readonly commonName: string;
  },
): Uint8Array<ArrayBuffer> {
  const ca = readCertificate(options.ca);
  if (!ca) throw new TypeError("Cannot read the CA certificate");
  return makeCertificate({
    issuer: ca.subject,
    issuerKey: options.caKey,
    subject: writeName(options.commonName),
    subjectKey: key,
    extensions: (ids) => [
      writeExtension("2.5.29.19", writeSequence()),
      // digitalSignature, nonRepudiation, keyAgreement; 3 unused bits
      writeExtension(
        "2.5.29.15",
        writeElement(TAG.bitString, Uint8Array.of(3, 0xc8)),
      ),
      // serverAuth
      writeExtension(
        "2.5.29.37",
        writeSequence(writeOid("1.3.6.1.5.5.7.3.1")),
      ),
      writeExtension("2.5.29.14", ids.subject),
      writeExtension("2.5.29.35", ids.issuer),
    ],
  });
}

const TRUE = writeElement(TAG.boolean, Uint8Array.of(0xff));
const VERSION_3 = writeElement(
  TAG.explicit0,
  writeElement(TAG.integer, Uint8Array.of(2)),
);

function makeCertificate(parts: {
  issuer: Uint8Array;
  issuerKey: KeyObject;
  subject: Uint8Array;
  subjectKey: KeyObject;
  extensions: (
    ids: { subject: Uint8Array; issuer: Uint8Array },
  ) => Uint8Array[];
}): Uint8Array<ArrayBuffer> {
  const algorithm = signatureAlgorithm(parts.issuerKey);
  const subjectKey = exportPublicKey(parts.subjectKey);
  // A day back, so that a client whose clock is behind takes it at once.
  const from = new Date(Math.floor(Date.now() / 1000) * 1000 - DAY);
  const to = new Date(from.getTime() + VALIDITY_DAYS * DAY);
  const extensions = parts.extensions({
    subject: writeElement(TAG.octetString, keyId(subjectKey)),
    issuer: writeSequence(
      writeElement(TAG.implicit0, keyId(exportPublicKey(parts.issuerKey))),
    ),
  });
  const signed = writeSequence(
    VERSION_3,
    writeElement(TAG.integer, randomSerial()),
    algorithm,
    parts.issuer,
    writeSequence(writeTime(from), writeTime(to)),
    parts.subject,
    subjectKey,
    writeElement(TAG.explicit3, writeSequence(...extensions)),
  );
  return writeSequence(
    signed,
    algorithm,
    writeBitString(sign(null, signed, parts.issuerKey)),
  );
}

function signatureAlgorithm(key: KeyObject): Uint8Array {
  const type = key.asymmetricKeyType;
  if (!isSignAlgorithm(type)) {
    throw new TypeError(`Cannot sign a certificate with a ${type} key`);
  }
  return writeAlgorithm(type);
}

/** SHA-1 of the raw public key (RFC 5280 section 4.2.1.2, method 1). */
function keyId(spki: Uint8Array): Uint8Array {
  const key = readPublicKey(spki);
  if (!key) throw new TypeError("Cannot read the public key");
  return createHash("sha1").update(key.raw).digest();
}

/** 20 bytes, positive, no leading zero (RFC 5280 section 4.1.2.2). */
function randomSerial(): Uint8Array {
  const serial = randomBytes(20);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  return serial;
}

function writeExtension(
  oid: string,
  value: Uint8Array,
  options: { critical?: boolean } = {},
): Uint8Array {
  const octets = writeElement(TAG.octetString, value);
  return options.critical
    ? writeSequence(writeOid(oid), TRUE, octets)
    : writeSequence(writeOid(oid), octets);
}

function writeName(commonName: string, organization?: string): Uint8Array {
  const attributes = [writeAttribute("2.5.4.3", commonName)];
  if (organization !== undefined) {
    attributes.push(writeAttribute("2.5.4.10", organization));
  }
  return writeSequence(...attributes);
}

function writeAttribute(oid: string, text: string): Uint8Array {
  const length = [...text].length;
  if (
    length === 0 || length > NAME_LENGTH_MAX || /\p{Cc}/u.test(text) ||
    !text.isWellFormed()
  ) {
    throw new RangeError(
      "Cannot use this name in a certificate: " +
        `names have 1 to ${NAME_LENGTH_MAX} characters, no control characters`,
    );
  }
  const value = writeElement(TAG.utf8String, new TextEncoder().encode(text));
  return writeElement(TAG.set, writeSequence(writeOid(oid), value));
}
