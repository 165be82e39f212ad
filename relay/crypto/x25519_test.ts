import assert from "node:assert/strict";
import { readVectors } from "../../tests/vectors.ts";
import { dh, generateX25519, x25519PublicKey } from "./x25519.ts";

/** Points of low order, canonical and not (cr.yp.to/ecdh.html). */
const lowOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000080",
];

Deno.test("dh agrees with the reference", () => {
  for (const vector of readVectors("crypto", "dh")) {
    const own = vector.object("privateKey");
    assert.deepEqual(
      dh(vector.object("publicKey").bytes("public"), own.bytes("private")),
      vector.bytes("secret"),
      vector.id,
    );
    assert.deepEqual(
      x25519PublicKey(own.bytes("private")),
      own.bytes("public"),
    );
  }
});

Deno.test("both sides of a new key pair get the same secret", () => {
  const [a, b] = [generateX25519(), generateX25519()];
  const secret = dh(a.publicKey, b.privateKey);
  assert.ok(secret);
  assert.deepEqual(dh(b.publicKey, a.privateKey), secret);
  assert.notDeepEqual(a.publicKey, b.publicKey);
});

Deno.test("points of low order and wrong lengths give no secret", () => {
  const { privateKey } = generateX25519();
  for (const hex of lowOrder) {
    assert.equal(dh(Uint8Array.fromHex(hex), privateKey), undefined, hex);
  }
  for (const length of [0, 31, 33]) {
    assert.equal(dh(new Uint8Array(length).fill(9), privateKey), undefined);
  }
  assert.throws(() => dh(privateKey, new Uint8Array(31)), RangeError);
});
