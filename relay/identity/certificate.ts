/**
 * Reads X.509 certificates, as much of them as the chain check needs
 * (RFC 5280 section 4.1).
 *
 * ```
 * Certificate: SEQUENCE {
 *   tbs: SEQUENCE {
 *     [0] version, serial INTEGER, AlgorithmIdentifier, issuer Name,
 *     SEQUENCE { notBefore, notAfter }, subject Name, SubjectPublicKeyInfo,
 *     [3] SEQUENCE OF SEQUENCE { OID, critical BOOLEAN, OCTET STRING } },
 *   AlgorithmIdentifier,
 *   BIT STRING signature over tbs
 * }
 * ```
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type DerElement,
  readBitString,
  readChildren,
  readElement,
  readTime,
  TAG,
  writeOid,
} from "./der.ts";
import { equalBytes, type KeyAlgorithm, readAlgorithm } from "./keys.ts";

/** A certificate that was read; byte fields are views of its DER. */
export interface Certificate {
  /** 1 to 3. */
  readonly version: number;
  /** DER of the Names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subject's first common name. */
  readonly commonName: string | undefined;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DER of the SubjectPublicKeyInfo, of any algorithm. */
  readonly publicKey: Uint8Array;
  /** What the signature was made with, if it is one of RFC 8410. */
  readonly signatureAlgorithm: KeyAlgorithm | undefined;
  readonly signature: Uint8Array;
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  /** basicConstraints says CA and keyUsage, if there, allows to sign. */
  readonly isAuthority: boolean;
  /** Most intermediate certificates below this one, if limited. */
  readonly pathLength: number | undefined;
  /** There is a critical extension that is not known here. */
  readonly unknownCritical: boolean;
}

const OID = {
  commonName: oid("2.5.4.3"),
  subjectKeyId: oid("2.5.29.14"),
  keyUsage: oid("2.5.29.15"),
  subjectAltName: oid("2.5.29.17"),
  basicConstraints: oid("2.5.29.19"),
  authorityKeyId: oid("2.5.29.35"),
  extKeyUsage: oid("2.5.29.37"),
};
const KNOWN = new Set([
  OID.subjectKeyId,
  OID.keyUsage,
  OID.subjectAltName,
  OID.basicConstraints,
  OID.authorityKeyId,
  OID.extKeyUsage,
]);
/** keyCertSign, in the first byte of keyUsage. */
const KEY_CERT_SIGN = 0x04;

/** Reads the DER of a certificate; `undefined` if it is not one. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  const parts = readChildren(readElement(der));
  if (parts?.length !== 3) return undefined;
  const fields = readChildren(parts[0]);
  const signature = readBitString(parts[2]);
  if (!fields || !signature) return undefined;
  const version = fields[0]?.tag === TAG.explicit0
    ? readVersion(fields.shift())
    : 1;
  const [serial, algorithm, issuer, validity, subject, publicKey, ...rest] =
    fields;
  if (version === undefined || !publicKey || serial.tag !== TAG.integer) {
    return undefined;
  }
  // RFC 5280 4.1.1.2: both name the same algorithm.
  if (!equalBytes(algorithm.bytes, parts[1].bytes)) return undefined;
  const times = readChildren(validity);
  const notBefore = readTime(times?.[0]);
  const notAfter = readTime(times?.[1]);
  if (
    times?.length !== 2 || notBefore === undefined || notAfter === undefined
  ) {
    return undefined;
  }
  if (issuer.tag !== TAG.sequence || subject.tag !== TAG.sequence) {
    return undefined;
  }
  const extensions = readExtensions(
    rest.find((field) => field.tag === TAG.explicit3),
  );
  if (!extensions) return undefined;
  return {
    version,
    issuer: issuer.bytes,
    subject: subject.bytes,
    commonName: readCommonName(subject),
    notBefore,
    notAfter,
    publicKey: publicKey.bytes,
    signatureAlgorithm: readAlgorithm(algorithm.bytes),
    signature,
    signed: parts[0].bytes,
    ...extensions,
  };
}

function readVersion(element: DerElement | undefined): number | undefined {
  const [version, ...more] = readChildren(element, TAG.explicit0) ?? [];
  if (version?.tag !== TAG.integer || more.length > 0) return undefined;
  if (version.content.length !== 1 || version.content[0] > 2) return undefined;
  return version.content[0] + 1;
}

/** Name: SEQUENCE OF SET OF SEQUENCE { OID, string }. */
function readCommonName(name: DerElement): string | undefined {
  for (const set of readChildren(name) ?? []) {
    for (const attribute of readChildren(set, TAG.set) ?? []) {
      const [type, value] = readChildren(attribute) ?? [];
      if (!type || !value || hex(type.bytes) !== OID.commonName) continue;
      const text: readonly number[] = [
        TAG.utf8String,
        TAG.printableString,
        TAG.ia5String,
      ];
      if (text.includes(value.tag)) {
        return new TextDecoder().decode(value.content);
      }
    }
  }
  return undefined;
}

type Extensions = Pick<
  Certificate,
  "isAuthority" | "pathLength" | "unknownCritical"
>;

function readExtensions(
  element: DerElement | undefined,
): Extensions | undefined {
  let isAuthority = false;
  let maySign = true;
  let pathLength: number | undefined;
  let unknownCritical = false;
  if (!element) return { isAuthority, pathLength, unknownCritical };
  const wrapped = readChildren(element, TAG.explicit3);
  const list = wrapped?.length === 1 ? readChildren(wrapped[0]) : undefined;
  if (!list) return undefined;
  const seen = new Set<string>();
  for (const extension of list) {
    const parts = readChildren(extension);
    const value = parts?.at(-1);
    if (!parts || parts.length < 2 || parts.length > 3) return undefined;
    if (parts[0].tag !== TAG.oid || value?.tag !== TAG.octetString) {
      return undefined;
    }
    const critical = parts.length === 3 && readBoolean(parts[1]);
    if (critical === undefined) return undefined;
    const id = hex(parts[0].bytes);
    if (seen.has(id)) return undefined;
    seen.add(id);
    if (critical && !KNOWN.has(id)) unknownCritical = true;
    if (id === OID.basicConstraints) {
      const constraints = readBasicConstraints(value.content);
      if (!constraints) return undefined;
      ({ isAuthority, pathLength } = constraints);
    } else if (id === OID.keyUsage) {
      const bits = readElement(value.content, TAG.bitString);
      if (!bits) return undefined;
      maySign = ((bits.content[1] ?? 0) & KEY_CERT_SIGN) !== 0;
    }
  }
  return {
    isAuthority: isAuthority && maySign,
    pathLength,
    unknownCritical,
  };
}

/** SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }. */
function readBasicConstraints(value: Uint8Array) {
  const fields = readChildren(readElement(value));
  if (!fields) return undefined;
  const isAuthority = fields[0]?.tag === TAG.boolean
    ? readBoolean(fields.shift())
    : false;
  if (isAuthority === undefined) return undefined;
  const limit = fields.shift();
  if (fields.length > 0) return undefined;
  if (!limit) return { isAuthority, pathLength: undefined };
  if (limit.tag !== TAG.integer || limit.content.length !== 1) return undefined;
  const pathLength = limit.content[0];
  return pathLength < 0x80 ? { isAuthority, pathLength } : undefined;
}

function readBoolean(element: DerElement | undefined): boolean | undefined {
  if (element?.tag !== TAG.boolean || element.content.length !== 1) {
    return undefined;
  }
  return element.content[0] !== 0;
}

function oid(dotted: string): string {
  return hex(writeOid(dotted));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString("hex");
}
