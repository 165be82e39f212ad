import assert from "node:assert/strict";
import { decode } from "../wire/mod.ts";
import {
  encodeSmpError,
  readSmpError,
  readTransportError,
} from "./error_codec.ts";
import type { SmpError } from "./errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// All errors of the recorded responses are in message_codec_test.ts.

Deno.test("errors nest", () => {
  const error: SmpError = {
    type: "PROXY",
    error: {
      type: "PROTOCOL",
      error: {
        type: "PROXY",
        error: {
          type: "BROKER",
          error: {
            type: "TRANSPORT",
            error: { type: "HANDSHAKE", reason: "IDENTITY" },
          },
        },
      },
    },
  };
  const bytes = encodeSmpError(error);
  assert.equal(
    decoder.decode(bytes),
    "PROXY PROTOCOL PROXY BROKER TRANSPORT HANDSHAKE IDENTITY",
  );
  assert.deepEqual(decode(bytes, readSmpError), error);
});

Deno.test("a block full of nested errors does not exhaust the stack", () => {
  const text = "PROXY PROTOCOL ".repeat(1090) + "AUTH";
  const error = decode(encoder.encode(text), readSmpError);
  assert.ok(error !== undefined);
  assert.equal(decoder.decode(encodeSmpError(error)), text);
});

Deno.test("a notice is kept in the form of the reference", () => {
  const cases: readonly [string, string | undefined][] = [
    ["{}", "{}"],
    [' { "ttl" : 60 } ', '{"ttl":60}'],
    ['{"ttl":null,"x":[]}', "{}"],
    ['{"ttl":-5}', '{"ttl":-5}'],
    ['{"ttl":1.5}', undefined],
    ['{"ttl":"60"}', undefined],
    ["[]", undefined],
    ["null", undefined],
    ["", undefined],
  ];
  for (const [notice, expected] of cases) {
    const bytes = encoder.encode(`BLOCKED reason=spam,notice=${notice}`);
    assert.deepEqual(
      decode(bytes, readSmpError),
      expected === undefined
        ? undefined
        : { type: "BLOCKED", info: { reason: "spam", notice: expected } },
      notice,
    );
  }
});

Deno.test("texts that are no error", () => {
  const texts = [
    "",
    "auth",
    "AUTHX",
    "CMD",
    "CMD ",
    "CMD OTHER",
    "BLOCKED spam",
    "BLOCKED reason=spam;",
    "STORE",
    "PROXY BROKER RESPONSE abc",
    "PROXY BROKER NETWORK ",
    "PROXY BROKER NETWORK CONNECT",
    "X".repeat(5000),
  ];
  for (const text of texts) {
    assert.equal(
      decode(encoder.encode(text), readSmpError),
      undefined,
      text.slice(0, 40),
    );
  }
  for (const text of ["", "HANDSHAKE", "HANDSHAKE OTHER", "BLOCKED"]) {
    assert.equal(decode(encoder.encode(text), readTransportError), undefined);
  }
});
