import assert from "node:assert/strict";
import { encode } from "uqr";
import { qrModules } from "./qr_modules.ts";

Deno.test("QR codes of every version are those of another encoder", () => {
  const sizes = new Set<number>();
  for (let length = 1; length <= 2953; length += length < 300 ? 7 : 29) {
    const text = textOf(length);
    const { data, size } = encode(text, {
      ecc: "L",
      maskPattern: 0,
      border: 0,
    });
    assert.deepEqual(qrModules(text), data, `${length} bytes`);
    sizes.add(size);
  }
  assert.equal(sizes.size, 40);
});

Deno.test("the longest text has a QR code, a longer one has none", () => {
  assert.equal(qrModules(textOf(2953))?.length, 177);
  assert.equal(qrModules(textOf(2954)), undefined);
});

/** Letters that no shorter mode of QR codes has. */
function textOf(length: number): string {
  let text = "";
  for (let at = 0; at < length; at++) {
    text += "abcdefghijklmnopqrstuvwxyz#"[at * 7 % 27];
  }
  return text;
}
