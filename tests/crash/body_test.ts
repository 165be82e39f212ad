import assert from "node:assert/strict";
import { makeBody, MAX_BODY, readBody } from "./body.ts";

Deno.test("a body tells which message it is, and any change is noticed", () => {
  const name = { queue: 7, number: 123_456 };
  for (const length of [0, 41, 900, MAX_BODY]) {
    const body = makeBody(name, { length, from: 12_345_678 });
    assert(body.length >= length && body.length <= MAX_BODY);
    assert.deepEqual(readBody(body), name);
    body[body.length - 1] ^= 1;
    assert.equal(readBody(body), undefined);
  }
  assert.equal(readBody(new Uint8Array(39)), undefined);
});
