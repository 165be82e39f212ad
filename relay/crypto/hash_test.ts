import assert from "node:assert/strict";
import { createHash, hkdfSync } from "node:crypto";
import { bytesOf, readVectors } from "../../tests/vectors.ts";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { hkdf, sha256, sha3_384, sha512 } from "./hash.ts";

Deno.test("digests agree with the reference", () => {
  for (const vector of readVectors("crypto", "hash")) {
    const input = vector.bytes("input");
    assert.deepEqual(sha256(input), vector.bytes("sha256"), vector.id);
    assert.deepEqual(sha512(input), vector.bytes("sha512"), vector.id);
    assert.deepEqual(sha3_384(input), vector.bytes("sha3_384"), vector.id);
  }
});

Deno.test("hkdf agrees with the reference", () => {
  for (const vector of readVectors("crypto", "hkdf")) {
    assert.deepEqual(
      hkdf(bytesOf(vector.get("ikm")), {
        salt: vector.bytes("salt"),
        info: new TextEncoder().encode(vector.text("info")),
        length: vector.number("length"),
      }),
      vector.bytes("output"),
      vector.id,
    );
  }
});

Deno.test("sha512 and hkdf agree with another implementation at all sizes", () => {
  const random = new SeededRandom(4);
  for (let length = 0; length < 300; length++) {
    const data = random.bytes(length);
    assert.equal(
      sha512(data).toHex(),
      createHash("sha512").update(data).digest("hex"),
    );
    const salt = random.bytes(random.below(300));
    const info = random.bytes(random.below(100));
    const output = hkdf(data, { salt, info, length });
    // The other one gives an empty output only as an error.
    if (length === 0) assert.equal(output.length, 0);
    else {
      assert.equal(
        output.toHex(),
        new Uint8Array(hkdfSync("sha512", data, salt, info, length)).toHex(),
      );
    }
  }
  const empty = new Uint8Array(0);
  assert.throws(
    () => hkdf(empty, { salt: empty, info: empty, length: 255 * 64 + 1 }),
    RangeError,
  );
});
