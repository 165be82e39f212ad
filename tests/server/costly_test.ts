/** Blocks that take the relay long to verify. */
import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import { Writer } from "../../relay/wire/mod.ts";
import { recipientSays, words } from "./commands.ts";
import { createQueue, TestRelay } from "./harness.ts";

Deno.test("others are served between the commands of a costly block", async () => {
  await using relay = await TestRelay.start();
  await using costly = await relay.connect();
  await using other = await relay.connect();
  const queue = await createQueue(costly, {
    queue: { mode: "C" },
    subscribe: false,
  });
  const keys = Array.from(
    { length: 255 },
    () => generateAuthKeyPair("ed25519").publicKey,
  );
  assert.equal(
    await recipientSays(costly, queue, { tag: "RKEY", keys }),
    "OK",
  );
  // Each signature is tried with each of the keys, and fits none.
  const signed = new Writer(256).short(new Uint8Array(64)).ascii("0").byte(0)
    .short(queue.entityId).ascii("SUB").finish();
  const count = 100;
  const block = new Writer(16_384).byte(count);
  for (let i = 0; i < count; i++) block.large(signed);
  costly.smp.sendContent(block.finish());

  let served = 0;
  while (costly.unread.length < count) {
    assert.equal(words(await other.send({ tag: "PING" })), "PONG");
    served++;
  }
  assert.ok(served > 5, `${served} times`);
  assert(
    costly.unread.every(({ message }) => words(message) === "ERR AUTH"),
  );
});
