/**
 * HSalsa20 of a key and sixteen zero bytes (Bernstein, "Extending the Salsa20
 * nonce"): what NaCl's `crypto_box_beforenm` does with a DH secret.
 * In JavaScript because `sodium-native` does not have it, and one call is a
 * microsecond at most.
 *
 * @module
 */

/**
 * The 32-byte key derived from a 32-byte secret.
 *
 * @throws {RangeError} when the secret is not 32 bytes.
 */
export function hsalsa20Zero(secret: Uint8Array): Uint8Array {
  if (secret.length !== 32) throw new RangeError("A secret has 32 bytes");
  const at = (i: number) =>
    secret[i] | secret[i + 1] << 8 | secret[i + 2] << 16 | secret[i + 3] << 24;
  // "expand 32-byte k" on the diagonal, the key around it, the input is zero.
  let x0 = 0x61707865, x5 = 0x3320646e, x10 = 0x79622d32, x15 = 0x6b206574;
  let x1 = at(0), x2 = at(4), x3 = at(8), x4 = at(12);
  let x11 = at(16), x12 = at(20), x13 = at(24), x14 = at(28);
  let x6 = 0, x7 = 0, x8 = 0, x9 = 0;
  let t: number;
  for (let i = 0; i < 10; i++) {
    t = x0 + x12 | 0, x4 ^= t << 7 | t >>> 25;
    t = x4 + x0 | 0, x8 ^= t << 9 | t >>> 23;
    t = x8 + x4 | 0, x12 ^= t << 13 | t >>> 19;
    t = x12 + x8 | 0, x0 ^= t << 18 | t >>> 14;
    t = x5 + x1 | 0, x9 ^= t << 7 | t >>> 25;
    t = x9 + x5 | 0, x13 ^= t << 9 | t >>> 23;
    t = x13 + x9 | 0, x1 ^= t << 13 | t >>> 19;
    t = x1 + x13 | 0, x5 ^= t << 18 | t >>> 14;
    t = x10 + x6 | 0, x14 ^= t << 7 | t >>> 25;
    t = x14 + x10 | 0, x2 ^= t << 9 | t >>> 23;
    t = x2 + x14 | 0, x6 ^= t << 13 | t >>> 19;
    t = x6 + x2 | 0, x10 ^= t << 18 | t >>> 14;
    t = x15 + x11 | 0, x3 ^= t << 7 | t >>> 25;
    t = x3 + x15 | 0, x7 ^= t << 9 | t >>> 23;
    t = x7 + x3 | 0, x11 ^= t << 13 | t >>> 19;
    t = x11 + x7 | 0, x15 ^= t << 18 | t >>> 14;

    t = x0 + x3 | 0, x1 ^= t << 7 | t >>> 25;
    t = x1 + x0 | 0, x2 ^= t << 9 | t >>> 23;
    t = x2 + x1 | 0, x3 ^= t << 13 | t >>> 19;
    t = x3 + x2 | 0, x0 ^= t << 18 | t >>> 14;
    t = x5 + x4 | 0, x6 ^= t << 7 | t >>> 25;
    t = x6 + x5 | 0, x7 ^= t << 9 | t >>> 23;
    t = x7 + x6 | 0, x4 ^= t << 13 | t >>> 19;
    t = x4 + x7 | 0, x5 ^= t << 18 | t >>> 14;
    t = x10 + x9 | 0, x11 ^= t << 7 | t >>> 25;
    t = x11 + x10 | 0, x8 ^= t << 9 | t >>> 23;
    t = x8 + x11 | 0, x9 ^= t << 13 | t >>> 19;
    t = x9 + x8 | 0, x10 ^= t << 18 | t >>> 14;
    t = x15 + x14 | 0, x12 ^= t << 7 | t >>> 25;
    t = x12 + x15 | 0, x13 ^= t << 9 | t >>> 23;
    t = x13 + x12 | 0, x14 ^= t << 13 | t >>> 19;
    t = x14 + x13 | 0, x15 ^= t << 18 | t >>> 14;
  }
  const derived = new Uint8Array(32);
  const put = (i: number, word: number) => {
    derived[i] = word;
    derived[i + 1] = word >>> 8;
    derived[i + 2] = word >>> 16;
    derived[i + 3] = word >>> 24;
  };
  put(0, x0), put(4, x5), put(8, x10), put(12, x15);
  put(16, x6), put(20, x7), put(24, x8), put(28, x9);
  return derived;
}
