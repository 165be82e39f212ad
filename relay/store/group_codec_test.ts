import assert from "node:assert/strict";
import { decodeGroup, GroupEncoder, type Parameter } from "./group_codec.ts";

function decoded(encoder: GroupEncoder): [number, Parameter[]][] {
  const statements: [number, Parameter[]][] = [];
  decodeGroup(encoder, (statement, parameters) => {
    statements.push([statement, [...parameters]]);
  });
  return statements;
}

Deno.test("a group comes out as it went in", () => {
  const statements: [number, Parameter[]][] = [
    [3, [null, 0, -1, 2 ** 53 - 1, 1_700_000_000]],
    [0, []],
    [255, ["", "Grüße", new Uint8Array(0), new Uint8Array([0, 255])]],
    [7, [new Uint8Array(200_000).fill(5), "end"]],
  ];
  const encoder = new GroupEncoder();
  for (const [statement, parameters] of statements) {
    encoder.add(statement, parameters);
  }
  assert.deepEqual(decoded(encoder), statements);
});

Deno.test("a buffer used again holds nothing of the group before", () => {
  const first = new GroupEncoder();
  first.add(1, [new Uint8Array(1000).fill(9), "old"]);
  const second = new GroupEncoder(first.buffer);
  second.add(2, ["new"]);
  assert.equal(second.buffer, first.buffer);
  assert.deepEqual(decoded(second), [[2, ["new"]]]);
});

Deno.test("parameters are copied when they are added", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const encoder = new GroupEncoder();
  encoder.add(0, [bytes]);
  bytes.fill(0);
  assert.deepEqual(decoded(encoder), [[0, [new Uint8Array([1, 2, 3])]]]);
});
