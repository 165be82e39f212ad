import assert from "node:assert/strict";
import {
  readBitString,
  readChildren,
  readElement,
  readElements,
  readTime,
  TAG,
  writeBitString,
  writeElement,
  writeOid,
  writeSequence,
  writeTime,
} from "./der.ts";
import { fromHex, randomNumbers } from "./testing.ts";

Deno.test("lengths are written in their shortest form and read back", () => {
  const headers: [number, string][] = [
    [0, "0400"],
    [127, "047f"],
    [128, "048180"],
    [255, "0481ff"],
    [256, "04820100"],
    [65535, "0482ffff"],
    [65536, "0483010000"],
  ];
  for (const [length, header] of headers) {
    const content = new Uint8Array(length).fill(7);
    const element = writeElement(TAG.octetString, content);
    const start = element.length - length;
    assert.deepEqual(element.subarray(0, start), fromHex(header));
    assert.deepEqual(readElement(element, TAG.octetString)?.content, content);
  }
});

Deno.test("what is not DER is refused", () => {
  const refused = {
    "empty": "",
    "tag only": "04",
    "cut off content": "040201",
    "indefinite length": "30800000",
    "length of length cut off": "0482ff",
    "length 127 in two bytes": "04817f" + "00".repeat(127),
    "length 128 in three bytes": "04820080" + "00".repeat(128),
    "length of four bytes": "048401000000",
    "long tag": "1f8101" + "00",
    "bytes after it": "040000",
  };
  for (const [name, hex] of Object.entries(refused)) {
    assert.equal(readElement(fromHex(hex)), undefined, name);
  }
  assert.equal(readElement(fromHex("0400"), TAG.integer), undefined);
  assert.equal(readChildren(readElement(fromHex("3003040201"))), undefined);
  assert.equal(readChildren(readElement(fromHex("0400"))), undefined);
  assert.equal(readElements(fromHex("040005")), undefined);
});

Deno.test("BIT STRING takes whole bytes only", () => {
  const key = fromHex("0102");
  assert.deepEqual(readBitString(readElement(writeBitString(key))), key);
  for (const hex of ["0300", "03020102", "04020001"]) {
    assert.equal(readBitString(readElement(fromHex(hex))), undefined);
  }
});

Deno.test("object identifiers", () => {
  assert.deepEqual(writeOid("1.3.101.112"), fromHex("06032b6570"));
  assert.deepEqual(writeOid("2.5.29.19"), fromHex("0603551d13"));
  assert.deepEqual(
    writeOid("1.2.840.113549.1.1.11"),
    fromHex("06092a864886f70d01010b"),
  );
});

Deno.test("times: UTCTime to 2049, GeneralizedTime from 2050", () => {
  const times: [string, string][] = [
    ["2026-11-20T10:08:02.000Z", "170d3236313132303130303830325a"],
    ["1970-01-01T00:00:00.000Z", "170d3730303130313030303030305a"],
    ["2049-12-31T23:59:59.000Z", "170d3439313233313233353935395a"],
    ["4764-10-16T10:08:02.000Z", "180f34373634313031363130303830325a"],
  ];
  for (const [iso, hex] of times) {
    assert.deepEqual(writeTime(new Date(iso)), fromHex(hex));
    assert.equal(readTime(readElement(fromHex(hex))), Date.parse(iso));
  }
  const text = (tag: number, value: string) =>
    readTime(
      readElement(writeElement(tag, new TextEncoder().encode(value))),
    );
  assert.equal(text(TAG.utcTime, "990228120000Z"), Date.UTC(1999, 1, 28, 12));
  assert.equal(text(TAG.utcTime, "260230120000Z"), undefined);
  assert.equal(text(TAG.utcTime, "261320120000Z"), undefined);
  assert.equal(text(TAG.utcTime, "2611201000Z"), undefined);
  assert.equal(text(TAG.utcTime, "261120100802+0100"), undefined);
  assert.equal(text(TAG.generalizedTime, "20261120100802.5Z"), undefined);
  assert.equal(text(TAG.utf8String, "261120100802Z"), undefined);
});

Deno.test("whatever is read from random bytes is DER, and nothing throws", () => {
  const random = randomNumbers(1);
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const input = Uint8Array.from(
      { length: random(24) },
      () => random(4) === 0 ? random(256) : random(6),
    );
    const elements = readElements(input);
    readTime(elements?.[0]);
    readBitString(elements?.[0]);
    readChildren(elements?.[0], elements?.[0]?.tag);
    if (!elements || elements.length === 0) continue;
    read++;
    const written = elements.map((e) => writeElement(e.tag, e.content));
    assert.deepEqual(writeSequence(...written), writeSequence(input));
  }
  assert.ok(read > 1000, `only ${read} inputs were read`);
});
