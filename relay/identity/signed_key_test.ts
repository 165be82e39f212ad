import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import {
  generateKey,
  makeCaCertificate,
  makeOnlineCertificate,
} from "./make_certificate.ts";
import { writeAlgorithm } from "./keys.ts";
import { TAG, writeElement, writeSequence } from "./der.ts";
import { signKey, verifySignedKey } from "./signed_key.ts";
import { fromHex, randomNumbers, vectors } from "./testing.ts";

function privateKey(algorithm: "ed25519" | "ed448", raw: string) {
  // PrivateKeyInfo of RFC 8410 section 7.
  const der = writeSequence(
    writeElement(TAG.integer, Uint8Array.of(0)),
    writeAlgorithm(algorithm),
    writeElement(
      TAG.octetString,
      writeElement(TAG.octetString, fromHex(raw)),
    ),
  );
  return createPrivateKey({
    key: Buffer.from(der),
    format: "der",
    type: "pkcs8",
  });
}

for (const { id, signKey: signer, key, output } of vectors.signedKeys) {
  Deno.test(`signKey gives the reference's bytes: ${id}`, () => {
    assert.ok(signer.alg !== "x25519" && key.alg === "x25519");
    const signed = signKey(
      { key: privateKey(signer.alg, signer.private), algorithm: signer.alg },
      { algorithm: key.alg, raw: fromHex(key.public) },
    );
    assert.deepEqual(signed, fromHex(output));
  });
}

for (const { id, certChain, sessionKey, signedKey } of vectors.chains) {
  Deno.test(`verifySignedKey takes the reference's key: ${id}`, () => {
    const raw = verifySignedKey(fromHex(certChain[0]), fromHex(signedKey));
    assert.deepEqual(raw, fromHex(sessionKey.public));
    // The identity certificate did not sign it.
    assert.equal(
      verifySignedKey(fromHex(certChain[1]), fromHex(signedKey)),
      undefined,
    );
  });
}

Deno.test("service keys are Ed25519, session keys X25519, never mixed up", () => {
  const { certChain, sessionKey, signedKey } = vectors.service;
  const leaf = fromHex(certChain[0]);
  const key = fromHex(signedKey);
  assert.deepEqual(
    verifySignedKey(leaf, key, { algorithm: "ed25519" }),
    fromHex(sessionKey.public),
  );
  assert.equal(verifySignedKey(leaf, key), undefined);
  const [chain] = vectors.chains;
  assert.equal(
    verifySignedKey(fromHex(chain.certChain[0]), fromHex(chain.signedKey), {
      algorithm: "ed25519",
    }),
    undefined,
  );
});

for (const algorithm of ["ed25519", "ed448"] as const) {
  Deno.test(`${algorithm}: a changed, cut or foreign signed key is refused`, () => {
    const caKey = generateKey(algorithm);
    const ca = makeCaCertificate(caKey);
    const key = generateKey(algorithm);
    const leaf = makeOnlineCertificate(key, { ca, caKey, commonName: "x" });
    const jwk = generateKeyPairSync("x25519").publicKey.export({
      format: "jwk",
    });
    const raw = new Uint8Array(Buffer.from(jwk.x ?? "", "base64url"));
    const signed = signKey({ key, algorithm }, { algorithm: "x25519", raw });
    assert.deepEqual(verifySignedKey(leaf, signed), raw);
    assert.equal(verifySignedKey(ca, signed), undefined);
    const random = randomNumbers(2);
    for (let round = 0; round < 150; round++) {
      const changed = signed.slice();
      changed[random(changed.length)] ^= 1 << random(8);
      assert.equal(verifySignedKey(leaf, changed), undefined);
      const cut = signed.subarray(0, random(signed.length));
      assert.equal(verifySignedKey(leaf, cut), undefined);
    }
    assert.equal(
      verifySignedKey(leaf, Uint8Array.from([...signed, 0])),
      undefined,
    );
    assert.equal(verifySignedKey(new Uint8Array(), signed), undefined);
  });
}

Deno.test("a signature of another algorithm than the leaf's is refused", () => {
  const caKey = generateKey("ed25519");
  const ca = makeCaCertificate(caKey);
  const raw = new Uint8Array(32).fill(9);
  const signed = signKey(
    { key: generateKey("ed448"), algorithm: "ed448" },
    { algorithm: "x25519", raw },
  );
  assert.equal(verifySignedKey(ca, signed), undefined);
  // The right key, but named as another algorithm.
  const misnamed = signKey(
    { key: caKey, algorithm: "ed448" },
    { algorithm: "x25519", raw },
  );
  assert.equal(verifySignedKey(ca, misnamed), undefined);
});
