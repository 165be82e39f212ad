import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import type { AuthAlgorithm } from "./keys.ts";
import { decodePrivateAuthKey, encodePrivateAuthKey } from "./private_key.ts";
import { generateAuthKeyPair } from "./signature.ts";

const algorithms: readonly AuthAlgorithm[] = ["ed25519", "ed448", "x25519"];

Deno.test("private keys are PKCS #8 that OpenSSL reads and writes", () => {
  for (const algorithm of algorithms) {
    const { privateKey } = generateAuthKeyPair(algorithm);
    const der = encodePrivateAuthKey(privateKey);
    assert.deepEqual(decodePrivateAuthKey(der), privateKey);
    // Deno's node:crypto has no Ed448.
    if (algorithm === "ed448") continue;
    const key = createPrivateKey({
      key: Buffer.from(der),
      format: "der",
      type: "pkcs8",
    });
    assert.equal(key.asymmetricKeyType, algorithm);
    const exported = key.export({ format: "der", type: "pkcs8" });
    assert.deepEqual(new Uint8Array(exported), der);
  }
});

Deno.test("what is not exactly a private key is refused", () => {
  for (const algorithm of algorithms) {
    const { privateKey } = generateAuthKeyPair(algorithm);
    const der = encodePrivateAuthKey(privateKey);
    for (const length of [0, 15, 16, der.length - 1]) {
      assert.equal(decodePrivateAuthKey(der.subarray(0, length)), undefined);
    }
    assert.equal(decodePrivateAuthKey(Uint8Array.from([...der, 0])), undefined);
    for (let i = 0; i < 16; i++) {
      const changed = der.slice();
      changed[i] ^= 0x80;
      assert.equal(decodePrivateAuthKey(changed), undefined);
    }
    assert.throws(
      () => encodePrivateAuthKey({ algorithm, raw: new Uint8Array(31) }),
      RangeError,
    );
  }
});
