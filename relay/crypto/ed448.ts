/**
 * Ed448 (RFC 8032) by libcrypto: the one that `node:crypto` has in Deno takes
 * six times as long.
 *
 * @module
 */

import { libcrypto } from "./libcrypto.ts";

/** `EVP_PKEY_ED448`. */
const ED448 = 1088;
const KEY = 57;
const SIGNATURE = 114;

/** Whether the 114-byte signature is the key's for the message. */
export function verifyEd448(
  publicKey: Uint8Array,
  input: { readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const { message, signature } = input;
  if (publicKey.length !== KEY || signature.length !== SIGNATURE) return false;
  const key = libcrypto.EVP_PKEY_new_raw_public_key(
    ED448,
    null,
    publicKey,
    BigInt(KEY),
  );
  const context = libcrypto.EVP_MD_CTX_new();
  try {
    return key !== null && context !== null &&
      libcrypto.EVP_DigestVerifyInit(context, null, null, null, key) === 1 &&
      libcrypto.EVP_DigestVerify(
          context,
          signature,
          BigInt(signature.length),
          message,
          BigInt(message.length),
        ) === 1;
  } finally {
    libcrypto.EVP_MD_CTX_free(context);
    libcrypto.EVP_PKEY_free(key);
    // A failure leaves an entry in the thread's queue, where TLS would take it
    // for its own.
    libcrypto.ERR_clear_error();
  }
}

/** The 114-byte signature of the message under a raw private key. */
export function signEd448(
  message: Uint8Array,
  privateKey: Uint8Array,
): Uint8Array {
  const signature = new Uint8Array(SIGNATURE);
  const length = new BigUint64Array([BigInt(SIGNATURE)]);
  withPrivateKey(privateKey, (key) => {
    const context = libcrypto.EVP_MD_CTX_new();
    try {
      if (
        context === null ||
        libcrypto.EVP_DigestSignInit(context, null, null, null, key) !== 1 ||
        libcrypto.EVP_DigestSign(
            context,
            signature,
            length,
            message,
            BigInt(message.length),
          ) !== 1
      ) throw new Error("Cannot sign with Ed448");
    } finally {
      libcrypto.EVP_MD_CTX_free(context);
    }
  });
  return signature;
}

/** The public key of a raw private key, 57 bytes each. */
export function ed448PublicKey(privateKey: Uint8Array): Uint8Array {
  const publicKey = new Uint8Array(KEY);
  const length = new BigUint64Array([BigInt(KEY)]);
  withPrivateKey(privateKey, (key) => {
    if (libcrypto.EVP_PKEY_get_raw_public_key(key, publicKey, length) !== 1) {
      throw new Error("Cannot compute an Ed448 public key");
    }
  });
  return publicKey;
}

function withPrivateKey(
  privateKey: Uint8Array,
  use: (key: Deno.PointerObject) => void,
): void {
  if (privateKey.length !== KEY) {
    throw new RangeError("An Ed448 private key has 57 bytes");
  }
  const key = libcrypto.EVP_PKEY_new_raw_private_key(
    ED448,
    null,
    privateKey,
    BigInt(KEY),
  );
  if (key === null) throw new Error("Cannot load an Ed448 private key");
  try {
    use(key);
  } finally {
    libcrypto.EVP_PKEY_free(key);
  }
}
