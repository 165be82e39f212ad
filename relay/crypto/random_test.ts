import assert from "node:assert/strict";
import { readVectors } from "../../tests/vectors.ts";
import { cbNonce, randomBytes, reverseNonce } from "./random.ts";

Deno.test("nonces are made as the reference makes them", () => {
  for (const vector of readVectors("crypto", "cbNonce")) {
    const nonce = cbNonce(vector.bytes("input"));
    assert.deepEqual(nonce, vector.bytes("output"), vector.id);
    assert.deepEqual(reverseNonce(nonce), vector.bytes("reversed"), vector.id);
  }
});

Deno.test("reverseNonce leaves its argument as it was", () => {
  const nonce = randomBytes(24);
  const before = nonce.slice();
  assert.deepEqual(reverseNonce(reverseNonce(nonce)), before);
  assert.deepEqual(nonce, before);
});

Deno.test("randomBytes never repeats an ID", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++) seen.add(randomBytes(24).toHex());
  assert.equal(seen.size, 2000);
  assert.equal(randomBytes(0).length, 0);
  assert.equal(randomBytes(65536).length, 65536);
});
