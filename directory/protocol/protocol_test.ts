import assert from "node:assert/strict";
import { identityInMemory } from "../../relay/identity/testing_identity.ts";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { signedSample } from "../testing.ts";
import {
  checkWork,
  decodeRelayRequest,
  encodeRelayRequest,
  type RequestContent,
  signMeasurement,
  solveWork,
  verifyMeasurement,
  verifyRelayRequest,
  WorkNonces,
} from "./mod.ts";

const directory = new Uint8Array(32).fill(7);
const head = { directory, sequence: 5, instance: new Uint8Array(8).fill(1) };

Deno.test("requests are read as they were written, and nobody else's", () => {
  const [relay, other] = [identityInMemory(), identityInMemory()];
  const descriptor = signedSample(relay).bytes;
  const contents: RequestContent[] = [
    { type: "register", descriptor, nonce: new Uint8Array(16), counter: 77 },
    {
      type: "heartbeat",
      descriptor,
      full: true,
      numbers: { messages: 100, clients: 8 },
    },
    { type: "heartbeat", descriptor: undefined, full: false, numbers: {} },
    { type: "leave", at: 1_900_000_000 },
    { type: "invite", guest: other.fingerprint },
  ];
  const random = new SeededRandom(0x4e9);
  for (const content of contents) {
    const bytes = encodeRelayRequest(content, head, relay);
    const request = decodeRelayRequest(bytes);
    assert.ok(request);
    assert.deepEqual(request.content, content);
    assert.deepEqual(request.fingerprint, relay.fingerprint);
    assert.deepEqual(request.directory, directory);
    assert.equal(request.sequence, 5);
    assert.equal(verifyRelayRequest(request, relay.chain[0]), true);
    assert.equal(verifyRelayRequest(request, other.chain[0]), false);
    for (let turn = 0; turn < 300; turn++) {
      const mutated = random.mutate(bytes);
      const read = decodeRelayRequest(mutated);
      if (read === undefined || mutated.toHex() === bytes.toHex()) continue;
      assert.equal(verifyRelayRequest(read, relay.chain[0]), false);
    }
  }
});

Deno.test("work is found, checked, and of no use elsewhere or later", async () => {
  let now = 0;
  const nonces = new WorkNonces(() => now);
  const nonce = nonces.current;
  const task = { directory, fingerprint: new Uint8Array(32), nonce };
  const counter = await solveWork(task, 12);
  assert.equal(checkWork(task, counter, 12), true);
  assert.equal(checkWork(task, counter, 200), false);
  let elsewhere = 0;
  for (let other = 1; other <= 50; other++) {
    const fingerprint = new Uint8Array(32).fill(other);
    if (checkWork({ ...task, fingerprint }, counter, 12)) elsewhere++;
  }
  assert.ok(elsewhere <= 2, `${elsewhere}`);
  now += 3_600_000;
  assert.equal(nonces.takes(nonce), true);
  now += 3_600_000;
  assert.equal(nonces.takes(nonce), false);
  assert.equal(nonces.takes(nonces.current), true);
  assert.equal(nonces.takes(new Uint8Array(16)), false);
  await assert.rejects(
    solveWork(task, 256, { signal: AbortSignal.timeout(20) }),
    { name: "TimeoutError" },
  );
});

Deno.test("a measurement is the directory's own, whole and possible", () => {
  const [one, other] = [identityInMemory(), identityInMemory()];
  const fingerprint = new Uint8Array(32).fill(3);
  const window = { probes: 100, failed: 2, milliseconds: 80 };
  const windows = [window, window, window];
  const bytes = signMeasurement({ fingerprint, time: 9, windows }, one);
  const trusted = { directory: one.fingerprint, leaf: one.chain[0] };
  assert.deepEqual(verifyMeasurement(bytes, trusted), {
    directory: one.fingerprint,
    fingerprint,
    time: 9,
    windows,
  });
  // Another directory in the name of this one.
  const forged = signMeasurement({ fingerprint, time: 9, windows }, {
    fingerprint: one.fingerprint,
    sign: (message) => other.sign(message),
  });
  assert.equal(verifyMeasurement(forged, trusted), undefined);
  const own = signMeasurement({ fingerprint, time: 9, windows }, other);
  assert.equal(verifyMeasurement(own, trusted), undefined);
  const random = new SeededRandom(0x3ea5);
  for (let turn = 0; turn < 2000; turn++) {
    const mutated = random.mutate(bytes);
    if (mutated.toHex() === bytes.toHex()) continue;
    assert.equal(verifyMeasurement(mutated, trusted), undefined);
  }
  const impossible = signMeasurement({
    fingerprint,
    time: 9,
    windows: [window, window, { ...window, failed: 101 }],
  }, one);
  assert.equal(verifyMeasurement(impossible, trusted), undefined);
});
