/**
 * The functions of libsodium (npm `sodium-native`) that this folder calls,
 * with types. Taken where they are the fastest route by measurement: see
 * `bench/crypto.ts`.
 *
 * @module
 */

import sodiumNative from "sodium-native";

/** All arguments are checked for their sizes and throw when wrong. */
interface Sodium {
  /** `q` = shared secret; throws when it would be zero (low-order `p`). */
  crypto_scalarmult(q: Uint8Array, n: Uint8Array, p: Uint8Array): void;
  crypto_scalarmult_base(q: Uint8Array, n: Uint8Array): void;
  /** `c` = 16-byte tag, then ciphertext; `m` may be `c` from byte 16 on. */
  crypto_secretbox_easy(
    c: Uint8Array,
    m: Uint8Array,
    n: Uint8Array,
    k: Uint8Array,
  ): void;
  /** False, and `m` untouched, when the tag is wrong. */
  crypto_secretbox_open_easy(
    m: Uint8Array,
    c: Uint8Array,
    n: Uint8Array,
    k: Uint8Array,
  ): boolean;
}

export const sodium: Sodium = sodiumNative;
