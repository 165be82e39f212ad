/**
 * How long the relay takes to say `AUTH` must not tell whether a queue exists.
 *
 * A sample is a block of many copies of one command, so that what is measured
 * is the relay's check and not the way of the block. Samples of a queue with a
 * wrong key and of no queue alternate, so whatever else the machine does slows
 * down both. It only ever slows down: compared are the times of the fast ones.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type AuthAlgorithm,
  cbAuthenticate,
  cbNonce,
  generateAuthKeyPair,
  type PrivateAuthKey,
  randomBytes,
  sign,
} from "../../relay/crypto/mod.ts";
import { concatBytes, Writer } from "../../relay/wire/mod.ts";
import {
  acknowledge,
  createSecured,
  nextMessage,
  sends,
  words,
} from "./commands.ts";
import { type TestClient, TestRelay } from "./harness.ts";

const ALGORITHMS: readonly AuthAlgorithm[] = ["ed25519", "ed448", "x25519"];

/** Commands in a block: fewer where checking one takes longer. */
const COPIES: Record<AuthAlgorithm, number> = {
  ed25519: 20,
  ed448: 3,
  x25519: 20,
};

/** Samples of each kind, and those before them that do not count. */
const SAMPLES = 41;
const WARM_UP = 3;

/**
 * Measurements before a difference is believed: another program may take the
 * processor in one of them, a real difference is there in each.
 */
const ATTEMPTS = 4;

/**
 * How much longer one may take. Without the check of a dummy key, no queue
 * takes a fraction of the time of a wrong key.
 */
const TOLERANCE = 1.3;

interface Attempt {
  readonly command: "SUB" | "SEND F hello";
  readonly entityId: Uint8Array;
  readonly key: PrivateAuthKey;
}

/** Content of a block with many copies of a command. */
function block(client: TestClient, attempt: Attempt): Uint8Array {
  const { command, entityId, key } = attempt;
  const { params, relayKey } = client.smp.session;
  const correlationId = randomBytes(24);
  const rest = new Writer(128).short(correlationId).short(entityId)
    .ascii(command).finish();
  const message = concatBytes(params.sessionPrefix, rest);
  assert.ok(relayKey);
  const authorization = key.algorithm === "x25519"
    ? cbAuthenticate({ publicKey: relayKey, privateKey: key.raw }, {
      nonce: cbNonce(correlationId),
      message,
    })
    : sign(message, key);
  assert.ok(authorization);
  const transmission = new Writer(512).short(authorization).ascii("0")
    .bytes(rest).finish();
  const copies = COPIES[key.algorithm];
  const writer = new Writer(16_384).byte(copies);
  for (let i = 0; i < copies; i++) writer.large(transmission);
  return writer.finish();
}

/** Milliseconds until each command of the block was answered with `AUTH`. */
async function sample(
  client: TestClient,
  content: Uint8Array,
): Promise<number> {
  const copies = content[0];
  const start = performance.now();
  client.smp.sendContent(content);
  const first = await client.event();
  const time = performance.now() - start;
  assert.equal(words(first.message), "ERR AUTH");
  for (let i = 1; i < copies; i++) {
    assert.equal(words((await client.event()).message), "ERR AUTH");
  }
  return time;
}

/** The time that one in ten stays below. */
function fast(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 10)];
}

/** Fast times of samples that alternate. */
async function measure(
  client: TestClient,
  { command, entityId, key }: Attempt,
): Promise<{ wrongKey: number; noQueue: number }> {
  const blocks = {
    wrongKey: block(client, { command, entityId, key }),
    noQueue: block(client, { command, entityId: randomBytes(24), key }),
  };
  const times = { wrongKey: [] as number[], noQueue: [] as number[] };
  for (let i = -WARM_UP; i < SAMPLES; i++) {
    for (const kind of ["wrongKey", "noQueue"] as const) {
      const time = await sample(client, blocks[kind]);
      if (i >= 0) times[kind].push(time);
    }
  }
  return { wrongKey: fast(times.wrongKey), noQueue: fast(times.noQueue) };
}

/** Fails when the two take different times, again and again. */
async function assertSameTime(
  client: TestClient,
  attempt: Attempt,
): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < ATTEMPTS; i++) {
    const { wrongKey, noQueue } = await measure(client, attempt);
    const ratio = wrongKey / noQueue;
    if (ratio < TOLERANCE && ratio > 1 / TOLERANCE) return;
    seen.push(`${wrongKey.toFixed(3)} ms and ${noQueue.toFixed(3)} ms`);
  }
  const { command } = attempt;
  assert.fail(`${command} of a wrong key and of no queue: ${seen.join(", ")}`);
}

for (const queueAlgorithm of ALGORITHMS) {
  for (const usedAlgorithm of ALGORITHMS) {
    Deno.test(`AUTH takes its time: ${queueAlgorithm} queue, ${usedAlgorithm} used`, async () => {
      await using relay = await TestRelay.start();
      await using client = await relay.connect();
      const { queue, to } = await createSecured(client, {
        algorithm: queueAlgorithm,
      });
      // The right keys have been in use: what is kept of them is kept.
      assert.equal(await sends(client, "hello", to), "OK");
      const { id } = await nextMessage(client, queue);
      assert.equal(words(await acknowledge(client, queue, id)), "OK");

      const key = generateAuthKeyPair(usedAlgorithm).privateKey;
      const { entityId } = queue;
      await assertSameTime(client, { command: "SUB", entityId, key });
      await assertSameTime(client, {
        command: "SEND F hello",
        entityId: to.senderId,
        key,
      });
    });
  }
}
