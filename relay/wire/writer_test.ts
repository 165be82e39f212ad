import assert from "node:assert/strict";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

Deno.test("Writer grows", () => {
  const writer = new Writer(1);
  const part = new Uint8Array(1000).fill(7);
  for (let i = 0; i < 10; i++) writer.large(part);
  assert.equal(writer.length, 10 * 1002);
  const reader = new Reader(writer.finish());
  for (let i = 0; i < 10; i++) assert.deepEqual(reader.large(), part);
  reader.end();
});

Deno.test("Writer.into fills a block and never more than it", () => {
  const block = new Uint8Array(8);
  const writer = Writer.into(block.subarray(2, 6));
  writer.u16(0x0102).byte(3);
  assert.throws(() => writer.u16(1), RangeError);
  assert.equal(writer.length, 3);
  writer.byte(4);
  assert.deepEqual(block, Uint8Array.of(0, 0, 1, 2, 3, 4, 0, 0));
  assert.equal(writer.finish().buffer, block.buffer);
});

Deno.test("largeOf and reserve write in place", () => {
  const writer = new Writer(0);
  writer.ascii("A").largeOf((inner) => inner.ascii("bc")).fill(0x23, 2);
  writer.reserve(2).set([1, 2]);
  assert.equal(writer.finish().toHex(), "41000262632323" + "0102");
  assert.equal(writer.reset().finish().length, 0);
});

Deno.test("values that do not fit are faults", () => {
  const faults: readonly ((writer: Writer) => unknown)[] = [
    (w) => w.byte(256),
    (w) => w.byte(-1),
    (w) => w.byte(1.5),
    (w) => w.u16(0x10000),
    (w) => w.u32(-1),
    (w) => w.int64(2 ** 53),
    (w) => w.short(new Uint8Array(256)),
    (w) => w.large(new Uint8Array(65536)),
    (w) => w.list(new Array(256).fill(0), (inner, item) => inner.byte(item)),
    (w) => w.largeOf((inner) => inner.fill(0, 65536)),
  ];
  for (const fault of faults) {
    assert.throws(() => fault(new Writer()), RangeError);
  }
});
