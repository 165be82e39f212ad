/**
 * Recorded blocks, commands and handshakes with random faults: whatever comes
 * from the network, decoders answer with a value or an error and never throw,
 * and what they took can be encoded again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bytesOf, readVectors } from "../../tests/vectors.ts";
import { decode } from "../wire/mod.ts";
import {
  AddressError,
  parseServerAddress,
  readRelayAddress,
} from "./address.ts";
import { splitBatch } from "./batch.ts";
import { decodeCommand, encodeCommand } from "./command_codec.ts";
import { encodeSmpError } from "./error_codec.ts";
import {
  decodeClientHello,
  decodeServerHello,
  decodeServiceResponse,
  encodeClientHello,
} from "./handshake_codec.ts";
import { decodeMessage, encodeMessage } from "./message_codec.ts";
import {
  decodeMessageTransmissions,
  decodeTransmissions,
  signedBytes,
  transmissionParams,
} from "./transmission.ts";

const SEED = 0x5eed;
const FAULTS_PER_INPUT = 12;
const COMMANDS = "smp_commands.json.gz";
const HANDSHAKES = "smp_handshake.json.gz";
const random = mulberry32(SEED);

Deno.test("faulty blocks: an answer for each transmission, no exception", () => {
  for (const vector of readVectors(COMMANDS, "decode-server")) {
    const params = transmissionParams(
      vector.number("version"),
      vector.bytes("sessionId"),
    );
    for (const block of faulty(vector.bytes("block"))) {
      const decoded = decodeTransmissions(params, block);
      assert.equal(decoded.length, splitBatch(block)?.length ?? 1);
      for (const transmission of decoded) {
        if ("error" in transmission) {
          assert.ok(encodeSmpError(transmission.error).length > 0);
        } else {
          assert.ok(signedBytes(transmission).length > 0);
        }
      }
    }
  }
});

Deno.test("faulty blocks of a relay: no exception", () => {
  for (const vector of readVectors(COMMANDS, "decode-client")) {
    const params = transmissionParams(
      vector.number("version"),
      vector.bytes("sessionId"),
    );
    for (const block of faulty(vector.bytes("block"))) {
      assert.ok(decodeMessageTransmissions(params, block).length > 0);
    }
  }
});

Deno.test("faulty commands: what is taken is read the same again", () => {
  for (const { version, bytes } of encodings("command")) {
    for (const input of faulty(bytes)) {
      const command = decodeCommand(version, input);
      if (!("tag" in command)) continue;
      const again = encodeCommand(version, command);
      assert.deepEqual(decodeCommand(version, again), command);
    }
  }
});

Deno.test("faulty messages: what is taken is read the same again", () => {
  for (const { version, bytes } of encodings("response")) {
    for (const input of faulty(bytes)) {
      const message = decodeMessage(version, input);
      if (!("tag" in message)) continue;
      const again = encodeMessage(version, message);
      assert.ok("tag" in decodeMessage(version, again));
    }
  }
});

Deno.test("faulty handshakes: no exception", () => {
  const contents = [
    ...readVectors(HANDSHAKES, "server-hello"),
    ...readVectors(HANDSHAKES, "client-hello"),
    ...readVectors(HANDSHAKES, "service-response"),
  ].map((vector) => vector.bytes("output"));
  for (const content of contents) {
    for (const input of faulty(content)) {
      decodeServerHello(input);
      decodeServiceResponse(input);
      const hello = decodeClientHello(input);
      if (hello !== undefined) {
        assert.deepEqual(decodeClientHello(encodeClientHello(hello)), hello);
      }
    }
  }
});

Deno.test("faulty addresses: an error for their author or no host", () => {
  for (const vector of readVectors("encoding", "smpEncode")) {
    if (vector.text("of") !== "SMPServer") continue;
    for (const input of faulty(vector.bytes("output"))) {
      decode(input, readRelayAddress);
    }
  }
  for (const vector of readVectors("encoding", "strDecode")) {
    if (vector.text("of") !== "server address") continue;
    for (
      const input of faulty(new TextEncoder().encode(vector.text("input")))
    ) {
      try {
        parseServerAddress(String.fromCharCode(...input));
      } catch (error) {
        assert.ok(error instanceof AddressError, String(error));
      }
    }
  }
});

function encodings(
  type: "command" | "response",
): { version: number; bytes: Uint8Array }[] {
  return readVectors(COMMANDS, type).flatMap((vector) =>
    vector.objects("encodings").map((encoding) => {
      const versions = encoding.get("versions");
      assert.ok(Array.isArray(versions));
      return {
        version: Number(versions[0]),
        bytes: bytesOf(encoding.get("output")),
      };
    })
  );
}

/** The input with one to three faults, several times. */
function* faulty(input: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < FAULTS_PER_INPUT; i++) {
    let bytes = input;
    for (let faults = 1 + below(3); faults > 0; faults--) bytes = spoil(bytes);
    yield bytes;
  }
}

function spoil(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const at = below(input.length + 1);
  const head = input.subarray(0, at);
  const tail = input.subarray(at);
  switch (below(6)) {
    case 0: // bytes lost at the end
      return Uint8Array.from(head);
    case 1: // a byte lost
      return Uint8Array.from([...head, ...tail.subarray(1)]);
    case 2: // a byte too many
      return Uint8Array.from([...head, below(256), ...tail]);
    case 3: // a part twice
      return Uint8Array.from([...head, ...tail.subarray(0, 40), ...tail]);
    case 4: // a length, tag or separator of another kind
      return Uint8Array.from([
        ...head,
        [0, 1, 0x20, 0x30, 0x31, 0x54, 0xff][below(7)],
        ...tail.subarray(1),
      ]);
    default: // any other byte
      return Uint8Array.from([...head, below(256), ...tail.subarray(1)]);
  }
}

function below(bound: number): number {
  return Math.floor(random() * bound);
}

/** Random numbers in [0, 1) that are the same in every run. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
