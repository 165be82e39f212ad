import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { readVectors } from "../../tests/vectors.ts";
import { decode, Writer } from "../wire/mod.ts";
import {
  type AuthAlgorithm,
  authKeyFromRaw,
  decodeAuthKey,
  decodeX25519Spki,
  encodeX25519Spki,
} from "./keys.ts";
import { publicAuthKey } from "./signature.ts";

function authAlgorithm(name: string): AuthAlgorithm | undefined {
  return name === "ed25519" || name === "ed448" || name === "x25519"
    ? name
    : undefined;
}

Deno.test("keys are written and read as the reference does", () => {
  for (const vector of readVectors("crypto", "key")) {
    const key = vector.object("key");
    const spki = key.bytes("spki");
    const algorithm = authAlgorithm(key.text("alg"));
    const decoded = decodeAuthKey(spki);
    assert.equal(decoded?.algorithm, algorithm, vector.id);
    assert.equal(
      decodeX25519Spki(spki)?.toHex(),
      algorithm === "x25519" ? key.text("public") : undefined,
    );
    if (algorithm === undefined) continue;
    const raw = key.bytes("public");
    assert.deepEqual(decoded, { algorithm, raw, spki }, vector.id);
    assert.deepEqual(authKeyFromRaw(algorithm, raw), decoded, vector.id);
    assert.deepEqual(
      publicAuthKey({ algorithm, raw: key.bytes("private") }),
      decoded,
      vector.id,
    );
    if (algorithm === "x25519") assert.deepEqual(encodeX25519Spki(raw), spki);
  }
});

Deno.test("encoded keys that the reference refuses are refused", () => {
  const readers = new Map<string, (spki: Uint8Array) => Uint8Array | undefined>(
    [
      ["auth public key", (spki) => decodeAuthKey(spki)?.spki],
      ["X25519 public key", decodeX25519Spki],
      ["X25519 public key (raw 32 bytes)", decodeX25519Spki],
    ],
  );
  let count = 0;
  for (const vector of readVectors("encoding", "smpDecode")) {
    const read = readers.get(vector.text("of"));
    if (read === undefined) continue;
    count++;
    const spki = decode(vector.bytes("input"), (reader) => reader.short());
    const key = spki && read(spki);
    const output = vector.object("output");
    if (output.has("error")) assert.equal(key, undefined, vector.id);
    else {
      assert.ok(key, vector.id);
      assert.deepEqual(
        new Writer().short(key).finish(),
        output.bytes("reencoded"),
      );
    }
  }
  assert.equal(count, 5);
});

Deno.test("a decoded key does not share memory with its input", () => {
  const spki = encodeX25519Spki(new Uint8Array(32).fill(1));
  const key = decodeAuthKey(spki);
  const raw = decodeX25519Spki(spki);
  spki.fill(0);
  assert.deepEqual(key?.raw, new Uint8Array(32).fill(1));
  assert.deepEqual(raw, new Uint8Array(32).fill(1));
});

Deno.test("authKeyFromRaw refuses other lengths", () => {
  for (const algorithm of ["ed25519", "ed448", "x25519"] as const) {
    for (const length of [0, 31, 33, 56, 58]) {
      assert.throws(
        () => authKeyFromRaw(algorithm, new Uint8Array(length)),
        RangeError,
      );
    }
  }
});

Deno.test("decodeAuthKey of changed DER is exact or undefined", () => {
  const random = new SeededRandom(5);
  const keys = [
    authKeyFromRaw("ed25519", random.bytes(32)),
    authKeyFromRaw("ed448", random.bytes(57)),
    authKeyFromRaw("x25519", random.bytes(32)),
  ];
  let decodedKeys = 0;
  let refused = 0;
  for (let round = 0; round < 6000; round++) {
    const changed = random.mutate(keys[round % 3].spki);
    const key = decodeAuthKey(changed);
    if (key === undefined) {
      refused++;
      continue;
    }
    decodedKeys++;
    assert.deepEqual(key.spki, changed);
    assert.deepEqual(authKeyFromRaw(key.algorithm, key.raw), key);
  }
  assert.ok(decodedKeys > 100 && refused > 100, `${decodedKeys} ${refused}`);
});
