import assert from "node:assert/strict";
import { createIdentity } from "../relay/identity/mod.ts";
import { withDirectory } from "../relay/identity/testing.ts";
import { equalBytes } from "../relay/wire/mod.ts";
import { SeededRandom } from "../tests/seeded_random.ts";
import {
  type CallbackAnswer,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  LENGTH_SIZE,
  MAX_ANSWER,
  MAX_REQUEST,
  provenFingerprint,
} from "./protocol.ts";

const binding = {
  answerer: new Uint8Array(32).fill(7),
  sessionId: new Uint8Array(32).fill(9),
};

for (const algorithm of ["ed25519", "ed448"] as const) {
  Deno.test(`a request proves who made it, for one session: ${algorithm}`, async () => {
    await withDirectory(async (directory) => {
      const identity = await createIdentity(directory, { algorithm });
      const bytes = encodeRequest(5223, identity, binding);
      assert.equal(bytes[0] << 8 | bytes[1], bytes.length - LENGTH_SIZE);
      assert.ok(bytes.length <= MAX_REQUEST);
      const request = decodeRequest(bytes.subarray(LENGTH_SIZE));
      assert.ok(request);
      assert.equal(request.port, 5223);
      const { fingerprint } = identity;
      assert.deepEqual(provenFingerprint(request, binding), fingerprint);

      const other = new Uint8Array(32);
      for (
        const [what, is, bound] of [
          ["port", { ...request, port: 443 }, binding],
          ["session", request, { ...binding, sessionId: other }],
          ["answerer", request, { ...binding, answerer: other }],
          ["no chain", { ...request, chain: request.chain.slice(1) }, binding],
        ] as const
      ) assert.equal(provenFingerprint(is, bound), undefined, what);
    });
  });
}

Deno.test("somebody else's certificates prove nothing", async () => {
  await withDirectory(async (directory) => {
    const one = await createIdentity(`${directory}/one`);
    const two = await createIdentity(`${directory}/two`);
    const stolen = {
      chain: one.chain,
      sign: (message: Uint8Array) => two.sign(message),
    };
    const bytes = encodeRequest(5223, stolen, binding);
    const request = decodeRequest(bytes.subarray(LENGTH_SIZE));
    assert.ok(request);
    assert.equal(provenFingerprint(request, binding), undefined);
    // A leaf of one under the CA of the other.
    const mixed = { ...request, chain: [two.chain[0], one.chain[1]] };
    assert.equal(provenFingerprint(mixed, binding), undefined);
  });
});

Deno.test("an answer has one encoding", () => {
  const answers: [CallbackAnswer, string][] = [
    [{
      outcome: "reachable",
      observed: Uint8Array.of(203, 0, 113, 7),
      milliseconds: 258,
    }, "000a5204cb00710700000102"],
    [{
      outcome: "wrong fingerprint",
      observed: new Uint8Array(16).fill(1),
      milliseconds: 0,
    }, `00164610${"01".repeat(16)}00000000`],
  ];
  for (const [answer, hex] of answers) {
    const bytes = encodeAnswer(answer);
    assert.equal(bytes.toHex(), hex);
    assert.deepEqual(decodeAnswer(bytes.subarray(LENGTH_SIZE)), answer);
    assert.ok(bytes.length <= MAX_ANSWER);
  }
  // A later version may say more.
  const [[answer]] = answers;
  const longer = Uint8Array.of(...encodeAnswer(answer).subarray(2), 1, 2, 3);
  assert.deepEqual(decodeAnswer(longer), answer);
  for (const bad of ["", "5204cb007107", "5a04cb00710700000102", "52000000"]) {
    assert.equal(decodeAnswer(Uint8Array.fromHex(bad)), undefined);
  }
});

Deno.test("whatever comes is read or refused, and never proves anything", async () => {
  await withDirectory(async (directory) => {
    const identity = await createIdentity(directory);
    const request = encodeRequest(5223, identity, binding).subarray(2);
    const answer = encodeAnswer({
      outcome: "timeout",
      observed: new Uint8Array(4),
      milliseconds: 1,
    }).subarray(2);
    const random = new SeededRandom(20261120);
    for (let round = 0; round < 3000; round++) {
      const bytes = round % 3 === 0
        ? random.bytes(random.below(300))
        : random.mutate(request);
      const read = decodeRequest(bytes);
      if (read === undefined) continue;
      assert.ok(read.port >= 1 && read.chain.length <= 4);
      if (round % 10 !== 0) continue;
      const proven = provenFingerprint(read, binding);
      // Another CA certificate with the same key is another identity; to be
      // this one takes what this one has signed.
      if (proven !== undefined && equalBytes(proven, identity.fingerprint)) {
        assert.deepEqual(bytes, request);
      }
    }
    for (let round = 0; round < 2000; round++) {
      const read = decodeAnswer(random.mutate(answer));
      if (read === undefined) continue;
      assert.ok([4, 16].includes(read.observed.length));
    }
  });
});
