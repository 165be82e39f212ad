import assert from "node:assert/strict";
import { readVectors } from "../../tests/vectors.ts";
import {
  bytesKey,
  concatBytes,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  keyBytes,
  toBase64,
  toBase64Url,
  toHex,
} from "./bytes.ts";

const all = Uint8Array.from({ length: 256 }, (_, i) => i);

Deno.test("base64url is written as the reference writes it", () => {
  let count = 0;
  for (const vector of readVectors("encoding", "strEncode")) {
    if (vector.get("of") !== "ByteString") continue;
    const value = vector.bytes("value");
    const text = vector.text("output");
    assert.equal(toBase64Url(value), text, vector.id);
    assert.deepEqual(fromBase64Url(text), value, vector.id);
    count++;
  }
  assert.ok(count > 0);
});

Deno.test("base64url is read as strictly as the reference reads it", () => {
  let count = 0;
  for (const vector of readVectors("encoding", "strDecode")) {
    if (vector.get("of") !== "base64url") continue;
    const output = vector.object("output");
    const expected = output.has("error") ? undefined : output.text("value");
    const value = fromBase64Url(vector.text("input"));
    assert.equal(value && toHex(value), expected, vector.id);
    count++;
  }
  assert.ok(count > 0);
});

Deno.test("base64 and hex go both ways and refuse the rest", () => {
  for (let length = 0; length < 8; length++) {
    const bytes = all.subarray(248, 248 + length);
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    assert.deepEqual(fromHex(toHex(bytes)), bytes);
  }
  for (const text of ["-_-_", "YQ=", "Y", "=", "====", "YR==", "é", "YW I"]) {
    assert.equal(fromBase64(text), undefined, text);
  }
  for (const text of ["0", "0g", "00 1", "é0"]) {
    assert.equal(fromHex(text), undefined, text);
  }
});

Deno.test("a key string tells bytes apart and gives them back", () => {
  assert.deepEqual(keyBytes(bytesKey(all)), all);
  assert.equal(bytesKey(all).length, 256);
  assert.notEqual(bytesKey(Uint8Array.of(0)), bytesKey(Uint8Array.of(0, 0)));
});

Deno.test("equalBytes compares, also views and lengths", () => {
  assert.ok(equalBytes(all, all.slice()));
  assert.ok(equalBytes(all.subarray(3, 5), Uint8Array.of(3, 4)));
  assert.ok(equalBytes(new Uint8Array(0), new Uint8Array(0)));
  assert.ok(!equalBytes(all, all.subarray(1)));
  assert.ok(!equalBytes(Uint8Array.of(1), Uint8Array.of(2)));
});

Deno.test("concatBytes joins in order", () => {
  assert.deepEqual(
    concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)),
    Uint8Array.of(1, 2, 3),
  );
  assert.equal(concatBytes().length, 0);
});
