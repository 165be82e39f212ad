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
  /** XSalsa20 with a counter: `state` of 136 bytes, `n` of 24, `k` of 32. */
  crypto_stream_xor_init(state: Uint8Array, n: Uint8Array, k: Uint8Array): void;
  /** `c` may be `m`. */
  crypto_stream_xor_update(
    state: Uint8Array,
    c: Uint8Array,
    m: Uint8Array,
  ): void;
  /** Poly1305: `state` of 256 bytes, `k` of 32. */
  crypto_onetimeauth_init(state: Uint8Array, k: Uint8Array): void;
  crypto_onetimeauth_update(state: Uint8Array, m: Uint8Array): void;
  crypto_onetimeauth_final(state: Uint8Array, out: Uint8Array): void;
}

export const sodium: Sodium = sodiumNative;
