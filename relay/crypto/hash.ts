/**
 * Digests, and HKDF over SHA-512.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { libcrypto } from "./libcrypto.ts";

/** SHA-256, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

/** SHA3-384, 48 bytes. */
export function sha3_384(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha3-384").update(data).digest());
}

/** SHA-512 of all parts one behind the other, 64 bytes. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(DIGEST);
  libcrypto.SHA512_Init(scratch);
  for (const part of parts) {
    libcrypto.SHA512_Update(scratch, part, BigInt(part.length));
  }
  libcrypto.SHA512_Final(digest, scratch);
  return digest;
}

/** Inputs of {@link hkdf}. */
export interface HkdfInput {
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  /** Bytes wanted, at most 255 * 64. */
  readonly length: number;
}

/** HKDF-SHA512 (RFC 5869): extract with `salt`, expand with `info`. */
export function hkdf(secret: Uint8Array, input: HkdfInput): Uint8Array {
  return hkdfWith(hmacKey(input.salt), { secret, ...input });
}

/**
 * {@link hkdf} with the salt's HMAC key made beforehand, for a salt that is
 * used again and again.
 */
export function hkdfWith(
  salt: HmacKey,
  input: {
    readonly secret: Uint8Array;
    readonly info: Uint8Array;
    readonly length: number;
  },
): Uint8Array {
  const { secret, info, length } = input;
  const blocks = Math.ceil(length / DIGEST);
  if (blocks > 255) throw new RangeError("Too many bytes asked of HKDF");
  hmacInto(pseudoRandomKey, salt, [secret]);
  setHmacKey(expandKey, pseudoRandomKey);
  const output = new Uint8Array(blocks * DIGEST);
  for (let i = 0; i < blocks; i++) {
    const at = i * DIGEST;
    counter[0] = i + 1;
    hmacInto(
      output.subarray(at, at + DIGEST),
      expandKey,
      i === 0
        ? [info, counter]
        : [output.subarray(at - DIGEST, at), info, counter],
    );
  }
  return output.subarray(0, length);
}

/** HMAC-SHA512 after its inner and its outer key block. */
export interface HmacKey {
  readonly inner: Uint8Array<ArrayBuffer>;
  readonly outer: Uint8Array<ArrayBuffer>;
}

/** Prepares a key of any length for HMAC-SHA512 (RFC 2104). */
export function hmacKey(key: Uint8Array): HmacKey {
  const prepared = {
    inner: new Uint8Array(SHA512_CTX),
    outer: new Uint8Array(SHA512_CTX),
  };
  setHmacKey(prepared, key);
  return prepared;
}

/** Size of OpenSSL's public struct `SHA512_CTX` on 64-bit machines. */
const SHA512_CTX = 216;
const BLOCK = 128;
const DIGEST = 64;
// As FFI takes a size_t.
const BLOCK_LENGTH = BigInt(BLOCK);
const DIGEST_LENGTH = BigInt(DIGEST);

// Everything here is synchronous, so one set of scratch memory is enough.
const scratch = new Uint8Array(SHA512_CTX);
const keyBlock = new Uint8Array(BLOCK);
const innerDigest = new Uint8Array(DIGEST);
const pseudoRandomKey = new Uint8Array(DIGEST);
const counter = new Uint8Array(1);
const expandKey: HmacKey = {
  inner: new Uint8Array(SHA512_CTX),
  outer: new Uint8Array(SHA512_CTX),
};

function setHmacKey(prepared: HmacKey, key: Uint8Array): void {
  keyBlock.fill(0);
  keyBlock.set(key.length > BLOCK ? sha512(key) : key);
  for (let i = 0; i < BLOCK; i++) keyBlock[i] ^= 0x36;
  libcrypto.SHA512_Init(prepared.inner);
  libcrypto.SHA512_Update(prepared.inner, keyBlock, BLOCK_LENGTH);
  for (let i = 0; i < BLOCK; i++) keyBlock[i] ^= 0x36 ^ 0x5c;
  libcrypto.SHA512_Init(prepared.outer);
  libcrypto.SHA512_Update(prepared.outer, keyBlock, BLOCK_LENGTH);
}

function hmacInto(
  output: Uint8Array,
  key: HmacKey,
  parts: readonly Uint8Array[],
): void {
  scratch.set(key.inner);
  for (const part of parts) {
    libcrypto.SHA512_Update(scratch, part, BigInt(part.length));
  }
  libcrypto.SHA512_Final(innerDigest, scratch);
  scratch.set(key.outer);
  libcrypto.SHA512_Update(scratch, innerDigest, DIGEST_LENGTH);
  libcrypto.SHA512_Final(output, scratch);
}
