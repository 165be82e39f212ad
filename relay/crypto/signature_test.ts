import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { readVectors, type Vector } from "../../tests/vectors.ts";
import { dummyAuthKey } from "./dummy.ts";
import {
  authKeyFromRaw,
  decodeAuthKey,
  rawKeyLength,
  type SignatureAlgorithm,
} from "./keys.ts";
import {
  generateAuthKeyPair,
  sign,
  signatureAlgorithm,
  verifySignature,
} from "./signature.ts";

const message = new TextEncoder().encode("hello");
const signing: readonly SignatureAlgorithm[] = ["ed25519", "ed448"];

function algorithmOf(key: Vector): SignatureAlgorithm {
  const name = key.text("alg");
  assert.ok(name === "ed25519" || name === "ed448");
  return name;
}

Deno.test("signatures are those of the reference", () => {
  for (const vector of readVectors("crypto", "sign")) {
    const key = vector.object("key");
    const algorithm = algorithmOf(key);
    const signature = sign(vector.bytes("message"), {
      algorithm,
      raw: key.bytes("private"),
    });
    assert.deepEqual(signature, vector.bytes("output"), vector.id);
    const publicKey = authKeyFromRaw(algorithm, key.bytes("public"));
    const signed = { message: vector.bytes("message"), signature };
    // Twice: the second time the key is ready.
    assert.ok(verifySignature(publicKey, signed), vector.id);
    assert.ok(verifySignature(publicKey, signed), vector.id);
  }
});

Deno.test("verification agrees with the reference", () => {
  for (const vector of readVectors("crypto", "verify")) {
    const key = decodeAuthKey(vector.bytes("publicKeySpki"));
    assert.ok(key);
    assert.equal(
      verifySignature(key, {
        message: vector.bytes("message"),
        signature: vector.bytes("signature"),
      }),
      vector.boolean("verified"),
      vector.id,
    );
  }
});

Deno.test("X25519 keys and signatures of odd lengths verify nothing", () => {
  const keys = [dummyAuthKey("x25519"), ...signing.map(dummyAuthKey)];
  for (const key of keys) {
    for (const length of [0, 1, 63, 64, 65, 80, 113, 114, 115, 1000]) {
      const signature = new Uint8Array(length).fill(1);
      assert.equal(verifySignature(key, { message, signature }), false);
    }
  }
  assert.equal(signatureAlgorithm(64), "ed25519");
  assert.equal(signatureAlgorithm(114), "ed448");
  assert.equal(signatureAlgorithm(80), undefined);
  assert.throws(
    () => sign(message, generateAuthKeyPair("x25519").privateKey),
    TypeError,
  );
});

Deno.test("any bytes as key or signature verify nothing and throw nothing", () => {
  const random = new SeededRandom(6);
  for (const algorithm of signing) {
    const { publicKey, privateKey } = generateAuthKeyPair(algorithm);
    const signature = sign(message, privateKey);
    assert.ok(verifySignature(publicKey, { message, signature }));
    for (let round = 0; round < 60; round++) {
      const other = authKeyFromRaw(
        algorithm,
        random.bytes(rawKeyLength(algorithm)),
      );
      assert.equal(verifySignature(other, { message, signature }), false);
      const changed = random.mutate(signature);
      if (changed.toHex() === signature.toHex()) continue;
      assert.equal(
        verifySignature(publicKey, { message, signature: changed }),
        false,
      );
    }
    // All zeros and all ones are points of low order or no points.
    for (const fill of [0, 1, 255]) {
      const odd = authKeyFromRaw(
        algorithm,
        new Uint8Array(rawKeyLength(algorithm)).fill(fill),
      );
      assert.equal(verifySignature(odd, { message, signature }), false);
    }
  }
});

Deno.test("dummy keys are valid and stay the same", () => {
  for (const algorithm of ["ed25519", "ed448", "x25519"] as const) {
    const key = dummyAuthKey(algorithm);
    assert.equal(dummyAuthKey(algorithm), key);
    assert.deepEqual(decodeAuthKey(key.spki), key);
  }
});
