import assert from "node:assert/strict";
import { hsalsa20Zero } from "./hsalsa20.ts";

Deno.test("HSalsa20 gives the first key of the NaCl paper", () => {
  // Bernstein, "Cryptography in NaCl", section 8: the shared secret of Alice
  // and Bob and its HSalsa20.
  const secret = Uint8Array.fromHex(
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
  );
  assert.equal(
    hsalsa20Zero(secret).toHex(),
    "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389",
  );
});

Deno.test("HSalsa20 takes 32 bytes only", () => {
  for (const length of [0, 31, 33]) {
    assert.throws(() => hsalsa20Zero(new Uint8Array(length)), RangeError);
  }
});
