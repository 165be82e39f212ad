import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SeededRandom } from "../../../tests/seeded_random.ts";
import type { HeaderField } from "../stream.ts";
import { DynamicTable } from "./dynamic_table.ts";
import {
  decodeHuffman,
  encodeHuffman,
  huffmanLength,
  huffmanRoom,
} from "./huffman.ts";
import {
  HpackDecoder,
  HpackEncoder,
  HpackError,
  type HpackErrorKind,
} from "./mod.ts";
import { STATIC_TABLE } from "./static_table.ts";

const limits = { maxTableSize: 4096, maxListSize: 16384 };

function isError(kind: HpackErrorKind) {
  return (error: unknown) => error instanceof HpackError && error.kind === kind;
}

function decode(hex: string, options = limits): HeaderField[] {
  return new HpackDecoder(options).decode(Buffer.from(hex, "hex"));
}

/** A literal with indexing, its name and value shorter than 127 bytes. */
function kept(name: string, value: string): string {
  const string = (text: string) =>
    text.length.toString(16).padStart(2, "0") +
    Buffer.from(text, "latin1").toString("hex");
  return `40${string(name)}${string(value)}`;
}

/** `value` as an integer behind a prefix of `bits` that is full. */
function integer(value: number, bits: number): string {
  const bytes = [];
  let rest = value - (1 << bits) + 1;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 | 128);
  }
  return Buffer.from([...bytes, rest]).toString("hex");
}

Deno.test("the encoder's fields are decoded again", () => {
  const random = new SeededRandom(1);
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder({ ...limits, maxListSize: 1_000_000 });
  for (let round = 0; round < 200; round++) {
    const fields = Array.from({ length: random.below(20) }, () => {
      const text = (most: number) =>
        Buffer.from(random.bytes(random.below(most))).toString("latin1");
      const known = STATIC_TABLE[random.below(STATIC_TABLE.length)];
      switch (random.below(4)) {
        case 0:
          return known;
        case 1:
          return [known[0], text(300)] as const;
        case 2:
          return ["x-" + random.below(1e9), String(random.below(1e9))] as const;
        default:
          return [text(40), text(40)] as const;
      }
    });
    assert.deepEqual(decoder.decode(encoder.encode(fields)), fields);
  }
});

Deno.test("what XFTP says takes a byte each", () => {
  const encoder = new HpackEncoder();
  const text = (fields: HeaderField[]) =>
    Buffer.from(encoder.encode(fields)).toString("hex");
  assert.equal(text([[":status", "200"]]), "88");
  assert.equal(text([[":method", "POST"], [":scheme", "https"]]), "8387");
});

Deno.test("a table that gets smaller is told once, before the fields", () => {
  const encoder = new HpackEncoder();
  const text = () =>
    Buffer.from(encoder.encode([[":status", "200"]])).toString("hex");
  encoder.setMaxTableSize(65536);
  assert.equal(text(), "88");
  encoder.setMaxTableSize(100);
  encoder.setMaxTableSize(4096);
  assert.equal(text(), "3f4588");
  encoder.setMaxTableSize(0);
  assert.equal(text(), "2088");
  assert.equal(text(), "88");
});

Deno.test("what is no string of bytes is not encoded", () => {
  const encoder = new HpackEncoder();
  assert.throws(() => encoder.encode([["x", "\u0100"]]), RangeError);
  assert.throws(() => encoder.encode([["\u20ac", ""]]), RangeError);
  assert.equal(encoder.encode([]).length, 0);
});

Deno.test("secrets are never indexed", () => {
  const encoder = new HpackEncoder();
  // 0001 in front, and the index of `authorization`, 23.
  assert.deepEqual(
    [...encoder.encode([["authorization", "a"]]).subarray(0, 2)],
    [0x1f, 8],
  );
});

Deno.test("blocks that are no encoding are refused", () => {
  const cases = {
    "index 0": "80",
    "index without an entry": "be",
    "name's index without an entry": "7e00",
    "cut-off integer": "ff",
    "cut-off name": "4003" + "6161",
    "cut-off value": "4001" + "61" + "02" + "61",
    "no value": "4001" + "61",
    "integer of five bytes": "ff8080808000",
    "integer of many bytes": "ff" + "80".repeat(1000),
    "integer that overflows": "ffffffffff0f",
    "table size within the fields": "8220",
    "table that is too large": "3f" + integer(4097, 5),
    "EOS in a string": "4001" + "61" + "84" + "ffffffff",
    "padding of eight bits": "4001" + "61" + "82" + "1fff",
    "padding of zeros": "4001" + "61" + "81" + "18",
    "cut-off code": "4001" + "61" + "81" + "fe",
  };
  for (const [name, block] of Object.entries(cases)) {
    assert.throws(() => decode(block), isError("compression"), name);
  }
});

Deno.test("padding of up to seven ones ends a string", () => {
  // "a" is 00011, "=" 100000, "!" 1111111000: three, two and six bits remain.
  assert.deepEqual(decode("400161" + "81" + "1f"), [["a", "a"]]);
  assert.deepEqual(decode("400161" + "81" + "83"), [["a", "="]]);
  assert.deepEqual(decode("400161" + "82" + "fe3f"), [["a", "!"]]);
  assert.deepEqual(decode("400161" + "80"), [["a", ""]]);
});

Deno.test("the table takes what fits, the oldest go", () => {
  const decoder = new HpackDecoder(limits);
  const read = (hex: string) => decoder.decode(Buffer.from(hex, "hex"));
  // 68 bytes are two entries of one letter each.
  read("3f" + integer(68, 5) + kept("a", "1") + kept("b", "2"));
  assert.deepEqual(read("bebf"), [["b", "2"], ["a", "1"]]);
  read(kept("c", "3"));
  assert.deepEqual(read("bebf"), [["c", "3"], ["b", "2"]]);
  // The name of an entry that goes (index 63) is there for the one that comes.
  assert.deepEqual(read("7f00" + "0134"), [["b", "4"]]);
  assert.deepEqual(read("be"), [["b", "4"]]);
  // What never fits empties it.
  read(kept("d", "5".repeat(60)));
  assert.throws(() => read("be"), isError("compression"));
});

Deno.test("a table of size 0 keeps nothing, and can grow again", () => {
  const decoder = new HpackDecoder(limits);
  const read = (hex: string) => decoder.decode(Buffer.from(hex, "hex"));
  read(kept("a", "1"));
  assert.deepEqual(read("20" + "3f" + integer(4096, 5) + kept("b", "2")), [
    ["b", "2"],
  ]);
  assert.deepEqual(read("be"), [["b", "2"]]);
  assert.throws(() => read("bf"), isError("compression"));
});

Deno.test("literals that are not indexed leave the table alone", () => {
  const decoder = new HpackDecoder(limits);
  const read = (hex: string) => decoder.decode(Buffer.from(hex, "hex"));
  read(kept("a", "1"));
  assert.deepEqual(read("0001620132" + "1001630133"), [["b", "2"], ["c", "3"]]);
  assert.deepEqual(read("be"), [["a", "1"]]);
});

Deno.test("a list that is too large leaves the table right", () => {
  const decoder = new HpackDecoder({ maxTableSize: 4096, maxListSize: 100 });
  const read = (hex: string) => decoder.decode(Buffer.from(hex, "hex"));
  const long = kept("a", "1".repeat(100));
  assert.throws(
    () => read(long + kept("b", "2") + kept("c", "3")),
    isError("too large"),
  );
  assert.deepEqual(read("bebf"), [["c", "3"], ["b", "2"]]);
  assert.throws(() => read("c0"), isError("too large"));
  // Three fields of 34 are too many, two are not.
  assert.throws(() => read("bebebe"), isError("too large"));
  assert.equal(read("bebe").length, 2);
  // That it is no encoding matters more.
  assert.throws(() => read("bebebe80"), isError("compression"));
});

Deno.test("many references to a large entry take no memory and little time", () => {
  const decoder = new HpackDecoder(limits);
  const value = "v".repeat(4000);
  const literal = "4001" + "61" + "7f" + integer(value.length, 7) +
    Buffer.from(value).toString("hex");
  decoder.decode(Buffer.from(literal, "hex"));
  const bomb = new Uint8Array(1_000_000).fill(0xbe);
  assert.throws(() => decoder.decode(bomb), isError("too large"));
  assert.deepEqual(decoder.decode(Uint8Array.of(0xbe)), [["a", value]]);
});

Deno.test("every byte goes through the Huffman code", () => {
  for (let byte = 0; byte < 256; byte++) {
    const text = String.fromCharCode(byte).repeat(3);
    const coded = new Uint8Array(huffmanLength(text));
    encodeHuffman(text, coded, { offset: 0 });
    const decoded = new Uint8Array(huffmanRoom(coded.length) + 1);
    const end = decodeHuffman(coded, decoded, { offset: 1 });
    assert.deepEqual([...decoded.subarray(1, end)], [byte, byte, byte]);
  }
});

Deno.test("the table's size is right after many changes", () => {
  const random = new SeededRandom(2);
  const table = new DynamicTable(1000);
  for (let i = 0; i < 20_000; i++) {
    if (random.below(50) === 0) table.resize(random.below(4096));
    const field = ["n".repeat(random.below(60)), "v"] as const;
    if (table.makeRoom(33 + field[0].length)) table.add(field);
    assert.ok(table.size <= table.maxSize);
  }
  let size = 0;
  for (let age = 0; age < table.count; age++) {
    size += 33 + (table.at(age)?.[0].length ?? NaN);
  }
  assert.equal(table.size, size);
  assert.equal(table.at(table.count), undefined);
});

Deno.test("anything decodes or is refused", () => {
  const random = new SeededRandom(3);
  const encoder = new HpackEncoder();
  const fields: HeaderField[] = [
    [":method", "POST"],
    [":path", "/a/path"],
    ["user-agent", "a name of something/1.0"],
  ];
  const valid = new Uint8Array([
    ...encoder.encode(fields),
    ...Buffer.from(kept("a", "1") + kept("b", "2") + "bebf", "hex"),
  ]);
  let decoded = 0;
  let decoder = new HpackDecoder({ maxTableSize: 4096, maxListSize: 500 });
  for (let i = 0; i < 20_000; i++) {
    const block = i % 2 === 0
      ? random.mutate(valid)
      : random.bytes(random.below(200));
    try {
      const list = decoder.decode(block);
      decoded++;
      const size = list.reduce((sum, [a, b]) => sum + a.length + b.length, 0);
      assert.ok(size + 32 * list.length <= 500);
    } catch (error) {
      assert.ok(error instanceof HpackError, String(error));
      if (error.kind === "compression") {
        decoder = new HpackDecoder({ maxTableSize: 4096, maxListSize: 500 });
      }
    }
  }
  assert.ok(decoded > 1000, `${decoded} decoded`);
});
