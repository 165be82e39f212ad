/**
 * Recorded blocks, commands and responses with random faults: decoders answer
 * with a value or an error and never throw, and what they took can be encoded
 * again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { readVectors, type Vector } from "../../tests/vectors.ts";
import { pad } from "../crypto/mod.ts";
import {
  decodeXftpCommandBlock,
  decodeXftpResponseBlock,
  xftpParams,
} from "./codec.ts";
import { decodeXftpCommand, encodeXftpCommand } from "./command_codec.ts";
import { decodeXftpResponse, encodeXftpResponse } from "./response_codec.ts";
import { XFTP_BLOCK_SIZE } from "./versions.ts";

const VECTORS = "xftp.json.gz";

Deno.test("faulty blocks: an answer, no exception", () => {
  const random = new SeededRandom(0x5eed);
  for (const type of ["decode-server", "transmission"]) {
    for (const vector of readVectors(VECTORS, type)) {
      const params = xftpParams(
        vector.number("version"),
        vector.bytes("sessionId"),
      );
      for (let i = 0; i < 60; i++) {
        const content = random.mutate(vector.bytes("content"));
        const block = pad(content, XFTP_BLOCK_SIZE);
        assert.ok(block);
        const command = decodeXftpCommandBlock(params, block);
        assert.ok("error" in command || command.signed.length > 0);
        decodeXftpResponseBlock(params, block);
      }
    }
  }
});

Deno.test("faulty commands and responses: what is taken is read again", () => {
  const random = new SeededRandom(0xfeed);
  for (const vector of readVectors(VECTORS, "command")) {
    for (let i = 0; i < 200; i++) {
      const command = decodeXftpCommand(
        random.mutate(output(vector)),
      );
      if (!("tag" in command)) continue;
      assert.deepEqual(decodeXftpCommand(encodeXftpCommand(command)), command);
    }
  }
  for (const vector of readVectors(VECTORS, "response")) {
    for (let i = 0; i < 60; i++) {
      const response = decodeXftpResponse(
        random.mutate(output(vector)),
      );
      if (!("tag" in response)) continue;
      assert.deepEqual(
        decodeXftpResponse(encodeXftpResponse(3, response)),
        response,
      );
    }
  }
});

/** The encoding in the newest version. */
function output(vector: Vector): Uint8Array {
  const encoding = vector.objects("encodings").at(-1);
  assert.ok(encoding);
  return encoding.bytes("output");
}
