/**
 * Certificates of ACME in DER: what is asked for (RFC 2986), what proves a
 * name over TLS (RFC 8737), and what is read of a certificate.
 *
 * ```text
 * request: SEQUENCE { SEQUENCE { 0, Name, SubjectPublicKeyInfo,
 *   [0] { extensionRequest { subjectAltName } } }, ecdsa-with-SHA256, BIT STRING }
 * ```
 *
 * @module
 */

import {
  createHash,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { Buffer } from "node:buffer";
import {
  certificatePem,
  readChildren,
  readElement,
  TAG,
  writeBitString,
  writeElement,
  writeOid,
  writeSequence,
  writeTime,
} from "../relay/identity/mod.ts";
import {
  addressBytes,
  challengeServerName,
  type Identifier,
} from "./identifier.ts";

const ECDSA_SHA256 = writeSequence(writeOid("1.2.840.10045.4.3.2"));
const EXTENSION_REQUEST = writeOid("1.2.840.113549.1.9.14");
const SUBJECT_ALT_NAME = writeOid("2.5.29.17");
const AUTHORITY_KEY_ID = writeOid("2.5.29.35");
const ACME_IDENTIFIER = writeOid("1.3.6.1.5.5.7.1.31");
const COMMON_NAME = writeOid("2.5.4.3");
const TRUE = writeElement(TAG.boolean, Uint8Array.of(0xff));
/** Tags of GeneralName: dNSName and iPAddress, primitive. */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

const HOUR_MS = 3_600_000;

/** DER of a request for a certificate of `key` for these identifiers. */
export function certificateRequest(
  identifiers: readonly Identifier[],
  key: KeyObject,
): Uint8Array {
  const info = writeSequence(
    writeElement(TAG.integer, Uint8Array.of(0)),
    writeSequence(),
    publicKeyDer(key),
    writeElement(
      TAG.explicit0,
      writeSequence(
        EXTENSION_REQUEST,
        writeElement(TAG.set, writeSequence(altNames(identifiers))),
      ),
    ),
  );
  return writeSequence(info, ECDSA_SHA256, writeBitString(signed(info, key)));
}

/** Certificate and key of a TLS-ALPN-01 challenge: PEM. */
export function challengeCertificate(
  identifier: Identifier,
  { authorization, key }: {
    readonly authorization: string;
    readonly key: KeyObject;
  },
): { readonly certificates: string; readonly key: string } {
  const digest = createHash("sha256").update(authorization).digest();
  const name = writeSequence(
    writeElement(
      TAG.set,
      writeSequence(
        COMMON_NAME,
        utf8(challengeServerName(identifier).slice(-64)),
      ),
    ),
  );
  const serial = randomBytes(16);
  serial[0] = (serial[0] & 0x7f) | 0x40;
  const now = Math.floor(Date.now() / 1000) * 1000;
  const body = writeSequence(
    writeElement(TAG.explicit0, writeElement(TAG.integer, Uint8Array.of(2))),
    writeElement(TAG.integer, serial),
    ECDSA_SHA256,
    name,
    writeSequence(
      writeTime(new Date(now - 24 * HOUR_MS)),
      writeTime(new Date(now + 24 * HOUR_MS)),
    ),
    name,
    publicKeyDer(key),
    writeElement(
      TAG.explicit3,
      writeSequence(
        altNames([identifier]),
        writeSequence(
          ACME_IDENTIFIER,
          TRUE,
          writeElement(
            TAG.octetString,
            writeElement(TAG.octetString, digest),
          ),
        ),
      ),
    ),
  );
  const der = writeSequence(
    body,
    ECDSA_SHA256,
    writeBitString(signed(body, key)),
  );
  return {
    certificates: certificatePem(der),
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** What is known of a certificate. */
export interface CertificateFacts {
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly identifiers: readonly Identifier[];
  /** Its name in renewal information; `undefined` without a key identifier. */
  readonly id: string | undefined;
}

/**
 * Reads the first certificate of a PEM text.
 *
 * @throws what `node:crypto` throws for what is no certificate
 */
export function certificateFacts(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  return {
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    identifiers: altNamesIn(certificate.subjectAltName ?? ""),
    id: renewalId(new Uint8Array(certificate.raw)),
  };
}

/**
 * Name of a certificate in renewal information (RFC 9773, 4.1): base64url of
 * the authority key identifier, ".", base64url of the serial number's DER
 * without tag and length.
 */
export function renewalId(der: Uint8Array): string | undefined {
  const fields = readChildren(readChildren(readElement(der))?.[0]);
  const serial = fields?.find(({ tag }) => tag === TAG.integer);
  const extensions = fields?.find(({ tag }) => tag === TAG.explicit3);
  const [list] = readChildren(extensions, TAG.explicit3) ?? [];
  for (const extension of readChildren(list) ?? []) {
    const [oid, ...rest] = readChildren(extension) ?? [];
    if (oid === undefined || !Buffer.from(AUTHORITY_KEY_ID).equals(oid.bytes)) {
      continue;
    }
    const value = rest.at(-1);
    const parts = value && readChildren(readElement(value.content));
    const keyId = parts?.find(({ tag }) => tag === TAG.implicit0);
    if (keyId === undefined || serial === undefined) return undefined;
    const text = (bytes: Uint8Array) =>
      Buffer.from(bytes).toString("base64url");
    return `${text(keyId.content)}.${text(serial.content)}`;
  }
  return undefined;
}

/** `DNS:a.example, IP Address:192.0.2.1`, as OpenSSL writes it. */
function altNamesIn(text: string): Identifier[] {
  return text.split(", ").flatMap((part): Identifier[] => {
    const [, kind, value] = /^(DNS|IP Address):(.*)$/.exec(part) ?? [];
    if (kind === undefined) return [];
    return [{
      type: kind === "DNS" ? "dns" : "ip",
      value: value.toLowerCase(),
    }];
  });
}

function altNames(identifiers: readonly Identifier[]): Uint8Array {
  const names = identifiers.map(({ type, value }) =>
    type === "dns"
      ? writeElement(DNS_NAME, new TextEncoder().encode(value))
      : writeElement(IP_ADDRESS, addressBytes(value))
  );
  return writeSequence(
    SUBJECT_ALT_NAME,
    writeElement(TAG.octetString, writeSequence(...names)),
  );
}

function publicKeyDer(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return new Uint8Array(der);
}

function signed(bytes: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign("sha256", bytes, key));
}

function utf8(text: string): Uint8Array {
  return writeElement(TAG.utf8String, new TextEncoder().encode(text));
}
