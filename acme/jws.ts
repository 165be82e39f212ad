/**
 * The account's key and what is signed with it (RFC 7515, RFC 7638): ECDSA on
 * P-256 with SHA-256, "ES256".
 *
 * @module
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { Buffer } from "node:buffer";

/** Public half of an account's key. */
interface Jwk {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

/** The key of an account. It does not show when it is printed. */
export class AccountKey {
  readonly #key: KeyObject;
  readonly #jwk: Jwk;
  /** Base64url of the SHA-256 of the public key, as RFC 7638 writes it. */
  readonly thumbprint: string;

  constructor(key: KeyObject) {
    this.#key = key;
    const { x = "", y = "" } = createPublicKey(key).export({ format: "jwk" });
    this.#jwk = { crv: "P-256", kty: "EC", x, y };
    // Members in the order of their names, without blanks.
    this.thumbprint = createHash("sha256").update(JSON.stringify(this.#jwk))
      .digest("base64url");
  }

  /** A new key. */
  static generate(): AccountKey {
    return new AccountKey(generateP256());
  }

  /** @throws what `node:crypto` throws for what is no key */
  static fromPem(pem: string): AccountKey {
    return new AccountKey(createPrivateKey(pem));
  }

  /** PKCS#8. A secret. */
  get pem(): string {
    return this.#key.export({ type: "pkcs8", format: "pem" }).toString();
  }

  /**
   * A request's body (RFC 8555, 6.2). `account`: URL of the account; the key
   * itself stands there where there is none yet. `payload`: `undefined` to
   * read (POST-as-GET).
   */
  sign(
    payload: unknown,
    { url, nonce, account }: { url: string; nonce: string; account?: string },
  ): string {
    const head = base64url(JSON.stringify({
      alg: "ES256",
      ...account === undefined ? { jwk: this.#jwk } : { kid: account },
      nonce,
      url,
    }));
    const body = payload === undefined
      ? ""
      : base64url(JSON.stringify(payload));
    const signature = sign("sha256", Buffer.from(`${head}.${body}`), {
      key: this.#key,
      dsaEncoding: "ieee-p1363",
    });
    return JSON.stringify({
      protected: head,
      payload: body,
      signature: signature.toString("base64url"),
    });
  }

  /** What proves a challenge (RFC 8555, 8.1). */
  authorization(token: string): string {
    return `${token}.${this.thumbprint}`;
  }
}

/** A key for an account or a certificate. */
export function generateP256(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
