import assert from "node:assert/strict";
import {
  boxKey,
  cbDecryptNoPad,
  cbEncryptNoPad,
  generateX25519,
  randomBytes,
  reverseNonce,
} from "../../crypto/mod.ts";
import { decode, EMPTY, Writer } from "../../wire/mod.ts";
import { readDhKey } from "../key_codec.ts";
import { decodeTransmissions, transmissionParams } from "../transmission.ts";
import { decodeForwardResponse, encodeForward } from "./forward_codec.ts";

const params = transmissionParams(18, randomBytes(32));
const box = { secret: boxKey(randomBytes(32)), nonce: randomBytes(24) };
const forwarded = {
  correlationId: randomBytes(24),
  version: 17,
  key: generateX25519().publicKey,
  box: randomBytes(16_242),
};

Deno.test("RFWD is a transmission whose box says what was forwarded", () => {
  const content = encodeForward(forwarded, box);
  assert.ok(content);
  const [transmission, ...others] = decodeTransmissions(params, content);
  assert.deepEqual(others, []);
  assert.ok("command" in transmission && transmission.command.tag === "RFWD");
  assert.deepEqual(transmission.correlationId, box.nonce);
  assert.equal(transmission.authorization, undefined);
  const opened = cbDecryptNoPad(transmission.command.transmission, box);
  assert.ok(opened);
  assert.deepEqual(
    decode(opened, (reader) => ({
      correlationId: reader.short(),
      version: reader.u16(),
      key: readDhKey(reader),
      box: reader.tail(),
    })),
    forwarded,
  );
});

Deno.test("what does not fit in a block is not encoded", () => {
  const sizes = [16_242, 16_259, 16_260, 20_000].map((size) =>
    encodeForward({ ...forwarded, box: new Uint8Array(size) }, box)?.length
  );
  assert.deepEqual(sizes, [16_365, 16_382, undefined, undefined]);
});

Deno.test("the answer is opened with the nonce backwards", () => {
  const nonce = reverseNonce(box.nonce);
  const seal = (bytes: Uint8Array) =>
    cbEncryptNoPad(bytes, { secret: box.secret, nonce });
  const inner = randomBytes(16_242);
  const good = new Writer().short(forwarded.correlationId).bytes(inner);
  assert.deepEqual(decodeForwardResponse(seal(good.finish()), box), inner);
  assert.equal(decodeForwardResponse(seal(EMPTY), box), "BLOCK");
  assert.equal(decodeForwardResponse(randomBytes(100), box), "CRYPTO");
  assert.equal(decodeForwardResponse(EMPTY, box), "CRYPTO");
});
