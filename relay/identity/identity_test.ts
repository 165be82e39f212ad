import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { fingerprintText, Identity, parseFingerprint } from "./identity.ts";
import {
  generateKey,
  makeCaCertificate,
  makeOnlineCertificate,
} from "./make_certificate.ts";
import { parseCertificates } from "./pem.ts";
import { verifySignedKey } from "./signed_key.ts";
import { fromHex, vectors } from "./testing.ts";

function makeIdentity(algorithm: "ed25519" | "ed448"): Identity {
  const caKey = generateKey(algorithm);
  const ca = makeCaCertificate(caKey);
  const key = generateKey(algorithm);
  const leaf = makeOnlineCertificate(key, { ca, caKey, commonName: "relay" });
  const names = { certificate: "server.crt", key: "server.key" };
  return new Identity({ chain: [leaf, ca], key, names, hasCaKey: false });
}

Deno.test("fingerprints are written as the reference writes them", () => {
  for (const vector of vectors.chains) {
    const fingerprint = fromHex(vector.identityFingerprint);
    const text = vector.identityFingerprintB64;
    assert.equal(fingerprintText(fingerprint), text);
    assert.deepEqual(parseFingerprint(text), fingerprint);
    assert.deepEqual(parseFingerprint(text.slice(0, -1)), fingerprint);
  }
  for (
    const text of ["", "=", "A".repeat(42), "A".repeat(45), "+".repeat(43)]
  ) {
    assert.equal(parseFingerprint(text), undefined);
  }
});

for (const algorithm of ["ed25519", "ed448"] as const) {
  Deno.test(`${algorithm}: what the identity gives fits together`, () => {
    const identity = makeIdentity(algorithm);
    assert.deepEqual(
      parseCertificates(identity.chainPem, "chain"),
      identity.chain,
    );
    const key = createPrivateKey(identity.keyPem);
    assert.equal(key.asymmetricKeyType, algorithm);
    const message = new TextEncoder().encode("descriptor");
    const signature = identity.sign(message);
    assert.equal(signature.length, algorithm === "ed25519" ? 64 : 114);
    assert.ok(verify(null, message, createPublicKey(key), signature));
    const session = new Uint8Array(32).fill(3);
    const signed = identity.signSessionKey(session);
    assert.deepEqual(verifySignedKey(identity.chain[0], signed), session);
  });
}

Deno.test("printing an identity does not show its key", () => {
  const identity = makeIdentity("ed25519");
  const secret = identity.keyPem.split("\n")[1];
  const shown = Deno.inspect(identity, { showHidden: true }) +
    JSON.stringify(identity);
  assert.ok(!shown.includes("PRIVATE") && !shown.includes(secret));
});

Deno.test("certificateStatus goes from not valid yet to expired", () => {
  const identity = makeIdentity("ed25519");
  const day = 86_400_000;
  const at = (base: Date, days: number) =>
    identity.certificateStatus(new Date(base.getTime() + days * day));
  assert.equal(at(identity.validFrom, -1), "not valid yet");
  assert.equal(at(identity.validFrom, 0), "valid");
  assert.equal(at(identity.validTo, -31), "valid");
  assert.equal(at(identity.validTo, -29), "expires soon");
  assert.equal(at(identity.validTo, 1), "expired");
});
