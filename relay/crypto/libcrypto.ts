/**
 * The functions of libcrypto (OpenSSL 3) that this folder calls. Taken where
 * they are the fastest route by measurement: see `bench/crypto.ts`.
 *
 * @module
 */

import { openLibrary } from "../native/mod.ts";

/**
 * libcrypto, mapped for the life of the process.
 *
 * `SHA512_*` are the low-level functions: they work on a plain struct that can
 * be copied, which saves HMAC the hashing of its key block.
 */
export const libcrypto = openLibrary("crypto", {
  SHA512_Init: { parameters: ["buffer"], result: "i32" },
  SHA512_Update: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  SHA512_Final: { parameters: ["buffer", "buffer"], result: "i32" },
  EVP_PKEY_new_raw_public_key: {
    parameters: ["i32", "pointer", "buffer", "usize"],
    result: "pointer",
  },
  EVP_PKEY_new_raw_private_key: {
    parameters: ["i32", "pointer", "buffer", "usize"],
    result: "pointer",
  },
  EVP_PKEY_get_raw_public_key: {
    parameters: ["pointer", "buffer", "buffer"],
    result: "i32",
  },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_MD_CTX_new: { parameters: [], result: "pointer" },
  EVP_MD_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_DigestVerifyInit: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  EVP_DigestVerify: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "i32",
  },
  EVP_DigestSignInit: {
    parameters: ["pointer", "pointer", "pointer", "pointer", "pointer"],
    result: "i32",
  },
  EVP_DigestSign: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "usize"],
    result: "i32",
  },
  ERR_clear_error: { parameters: [], result: "void" },
}).symbols;
