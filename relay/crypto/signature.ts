/**
 * Signatures of commands (`sign`, `verify` in `Simplex.Messaging.Crypto`).
 * Ed25519 by `node:crypto`, Ed448 by libcrypto: the fastest of each.
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import { Buffer } from "node:buffer";
import { bytesKey } from "../wire/mod.ts";
import { ed448PublicKey, signEd448, verifyEd448 } from "./ed448.ts";
import {
  type AuthAlgorithm,
  type AuthKey,
  authKeyFromRaw,
  rawKeyLength,
  type SignatureAlgorithm,
} from "./keys.ts";
import { randomBytes } from "./random.ts";
import { x25519PublicKey } from "./x25519.ts";

/** The algorithm of a signature of this many bytes (`decodeSignature`). */
export function signatureAlgorithm(
  length: number,
): SignatureAlgorithm | undefined {
  if (length === 64) return "ed25519";
  if (length === 114) return "ed448";
  return undefined;
}

/** What {@link verifySignature} checks. */
export interface SignedMessage {
  readonly message: Uint8Array;
  /** 64 bytes for Ed25519, 114 for Ed448; any other length is refused. */
  readonly signature: Uint8Array;
}

/**
 * Whether the signature is the key's for the message. False for X25519 keys,
 * for signatures of another algorithm and for keys that are no point.
 *
 * An Ed25519 key that verified something is kept ready, which saves a third of
 * the time. A refusal always takes the time of a key that is not ready, so
 * that it does not tell whether a queue is in use.
 */
export function verifySignature(key: AuthKey, signed: SignedMessage): boolean {
  const algorithm = signatureAlgorithm(signed.signature.length);
  if (algorithm !== key.algorithm) return false;
  if (algorithm === "ed448") return verifyEd448(key.raw, signed);
  const name = bytesKey(key.raw);
  const ready = readyKeys.get(name);
  const keyObject = ready ?? importEd25519(key);
  if (keyObject === undefined) return false;
  if (nodeVerify(null, signed.message, keyObject, signed.signature)) {
    if (ready === undefined) keepReady(name, keyObject);
    return true;
  }
  if (ready !== undefined) importEd25519(key);
  return false;
}

/** A raw private key: 32 bytes, or 57 for Ed448. */
export interface PrivateAuthKey {
  readonly algorithm: AuthAlgorithm;
  readonly raw: Uint8Array;
}

/** A key pair for authorisation. */
export interface AuthKeyPair {
  readonly publicKey: AuthKey;
  readonly privateKey: PrivateAuthKey;
}

/** A new random key pair. */
export function generateAuthKeyPair(algorithm: AuthAlgorithm): AuthKeyPair {
  const privateKey = { algorithm, raw: randomBytes(rawKeyLength(algorithm)) };
  return { publicKey: publicAuthKey(privateKey), privateKey };
}

/** The public key of a private key. */
export function publicAuthKey(privateKey: PrivateAuthKey): AuthKey {
  const { algorithm, raw } = privateKey;
  switch (algorithm) {
    case "x25519":
      return authKeyFromRaw(algorithm, x25519PublicKey(raw));
    case "ed448":
      return authKeyFromRaw(algorithm, ed448PublicKey(raw));
    case "ed25519": {
      const spki = createPublicKey(importPrivateEd25519(raw))
        .export({ format: "der", type: "spki" });
      return authKeyFromRaw(algorithm, new Uint8Array(spki).slice(-32));
    }
  }
}

/**
 * The signature of a message.
 *
 * @throws {TypeError} for X25519, which does not sign.
 */
export function sign(
  message: Uint8Array,
  privateKey: PrivateAuthKey,
): Uint8Array {
  switch (privateKey.algorithm) {
    case "ed25519": {
      const key = importPrivateEd25519(privateKey.raw);
      return new Uint8Array(nodeSign(null, message, key));
    }
    case "ed448":
      return signEd448(message, privateKey.raw);
    case "x25519":
      throw new TypeError("X25519 does not sign");
  }
}

/** How many keys are kept ready; measured at up to 7 MB of resident memory. */
const MAX_READY = 4096;
/**
 * By the raw key and not by the object, as the same key is decoded anew
 * whenever its queue is loaded. In the order of entering.
 */
const readyKeys = new Map<string, KeyObject>();

function keepReady(name: string, keyObject: KeyObject): void {
  if (readyKeys.size >= MAX_READY) {
    const [oldest] = readyKeys.keys();
    readyKeys.delete(oldest);
  }
  readyKeys.set(name, keyObject);
}

function importEd25519(key: AuthKey): KeyObject | undefined {
  try {
    return createPublicKey({
      key: Buffer.from(
        key.spki.buffer,
        key.spki.byteOffset,
        key.spki.byteLength,
      ),
      format: "der",
      type: "spki",
    });
  } catch {
    // The only cause left, as the DER is our own: the bytes are no point.
    return undefined;
  }
}

/** PKCS #8 before the 32-byte seed of Ed25519 (RFC 8410 section 7). */
const pkcs8Ed25519 = Uint8Array.fromHex("302e020100300506032b657004220420");

function importPrivateEd25519(raw: Uint8Array): KeyObject {
  if (raw.length !== 32) {
    throw new RangeError("An Ed25519 private key has 32 bytes");
  }
  return createPrivateKey({
    key: Buffer.concat([pkcs8Ed25519, raw]),
    format: "der",
    type: "pkcs8",
  });
}
