import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { decode, Reader, WireError } from "./reader.ts";

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

Deno.test("Reader reads fields one after the other, as views", () => {
  const input = bytes(2, 0x68, 0x69, 0x54, 0x12, 0x34, 0x20, 0x41, 9, 9);
  const reader = new Reader(input);
  const short = reader.short();
  assert.deepEqual(short, bytes(0x68, 0x69));
  assert.equal(short.buffer, input.buffer);
  assert.equal(reader.bool(), true);
  assert.equal(reader.u16(), 0x1234);
  assert.equal(reader.peek(), 0x20);
  reader.space();
  assert.equal(reader.char(), "A");
  assert.equal(reader.offset, 8);
  assert.equal(reader.remaining, 2);
  assert.deepEqual(reader.tail(), bytes(9, 9));
  assert.ok(reader.atEnd);
  assert.equal(reader.peek(), undefined);
  assert.deepEqual(reader.tail(), bytes());
});

Deno.test("takeTill stops before the byte or at the end", () => {
  const reader = new Reader(new TextEncoder().encode("NEW  x"));
  assert.equal(reader.takeTill(0x20).length, 3);
  assert.equal(reader.takeTill(0x20).length, 0);
  reader.space();
  assert.equal(reader.takeWhile((byte) => byte === 0x20).length, 1);
  assert.equal(reader.takeTill(0x20).length, 1);
  assert.ok(reader.atEnd);
});

Deno.test("space takes the white space that the reference takes", () => {
  for (let byte = 0; byte < 256; byte++) {
    const taken = decode(bytes(byte), (reader) => {
      reader.space();
      return true;
    });
    assert.equal(taken === true, byte === 32 || (byte >= 9 && byte <= 13));
  }
});

Deno.test("list keeps its bounds", () => {
  const list = (min: number, max: number) =>
    decode(bytes(2, 7, 8), (r) => r.list((item) => item.byte(), { min, max }));
  assert.deepEqual(list(0, 255), [7, 8]);
  assert.deepEqual(list(2, 2), [7, 8]);
  assert.equal(list(3, 255), undefined);
  assert.equal(list(0, 1), undefined);
});

Deno.test("a view into a larger buffer ends where the view ends", () => {
  const inner = bytes(9, 1, 2, 3, 9).subarray(1, 3);
  assert.equal(decode(inner, (reader) => reader.u32()), undefined);
  assert.deepEqual(decode(inner, (reader) => reader.short()), bytes(2));
  assert.deepEqual(decode(inner, (reader) => reader.tail()), bytes(1, 2));
});

Deno.test("int64 refuses what a number cannot hold", () => {
  const int64 = (hex: string) =>
    decode(Uint8Array.fromHex(hex), (reader) => reader.int64());
  assert.equal(int64("001fffffffffffff"), Number.MAX_SAFE_INTEGER);
  assert.equal(int64("ffe0000000000001"), Number.MIN_SAFE_INTEGER);
  assert.equal(int64("0020000000000000"), undefined);
  assert.equal(int64("8000000000000000"), undefined);
});

Deno.test("text refuses bytes that are no UTF-8 and keeps a byte order mark", () => {
  assert.equal(decode(bytes(1, 0xff), (reader) => reader.text()), undefined);
  assert.equal(
    decode(bytes(3, 0xef, 0xbb, 0xbf), (reader) => reader.text()),
    "\ufeff",
  );
});

Deno.test("decode wants the whole input unless told otherwise", () => {
  const read = (reader: Reader) => reader.byte();
  assert.equal(decode(bytes(1, 2), read), undefined);
  assert.equal(decode(bytes(1, 2), read, { partial: true }), 1);
  assert.equal(decode(bytes(1), read), 1);
});

Deno.test("decode lets faults of the program through", () => {
  const fault = new TypeError("a fault");
  assert.throws(
    () =>
      decode(bytes(1), () => {
        throw fault;
      }),
    (error) => error === fault,
  );
});

Deno.test("nothing but a WireError comes out of a Reader", () => {
  const methods: readonly ((reader: Reader) => unknown)[] = [
    (r) => r.byte(),
    (r) => r.u16(),
    (r) => r.u32(),
    (r) => r.int64(),
    (r) => r.bool(),
    (r) => r.char(),
    (r) => r.space(),
    (r) => r.short(),
    (r) => r.large(),
    (r) => r.text(),
    (r) => r.tail(),
    (r) => r.takeTill(32),
    (r) => r.takeWhile((byte) => byte < 128),
    (r) => r.maybe((inner) => inner.short()),
    (r) => r.list((inner) => inner.large()),
    (r) => r.nonEmptyList((inner) => inner.text(), 8),
    (r) => r.end(),
  ];
  const random = new SeededRandom(1);
  let errors = 0;
  let values = 0;
  for (let round = 0; round < 20_000; round++) {
    // Small values so that lengths and counts often fit.
    const input = random.bytes(random.below(40));
    if (round % 2 === 0) {
      for (let i = 0; i < input.length; i++) input[i] &= 0x07;
    }
    const reader = new Reader(input);
    try {
      for (let i = 0; i < 6; i++) {
        methods[random.below(methods.length)](reader);
        values++;
      }
    } catch (error) {
      assert.ok(error instanceof WireError, String(error));
      errors++;
    }
    assert.ok(reader.offset <= input.length);
    assert.equal(reader.offset + reader.remaining, input.length);
  }
  assert.ok(errors > 1000 && values > 1000, `${errors} ${values}`);
});
