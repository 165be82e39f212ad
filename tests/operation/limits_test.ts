import assert from "node:assert/strict";
import { generateAuthKeyPair, generateX25519 } from "../../relay/crypto/mod.ts";
import { createSecured, sends, words } from "../server/commands.ts";
import { type TestClient, TestRelay } from "../server/harness.ts";

async function tries(client: TestClient): Promise<string> {
  const { publicKey, privateKey } = generateAuthKeyPair("ed25519");
  return words(
    await client.send({
      tag: "NEW",
      request: {
        recipientKey: publicKey,
        recipientDhKey: generateX25519().publicKey,
        subscribe: true,
        queue: { mode: "M" },
      },
    }, { key: privateKey }),
  );
}

/** Counts are a second old at most. */
const SECOND = 1100;

Deno.test("a relay with all of its queues makes no more", async () => {
  await using relay = await TestRelay.start({ set: ["limits.queues=2"] });
  await using client = await relay.connect();
  assert.equal(await tries(client), "IDS");
  assert.equal(await tries(client), "IDS");
  await new Promise((resolve) => setTimeout(resolve, SECOND));
  assert.equal(await tries(client), "ERR QUOTA");
});

Deno.test("one connection creates so many queues in a minute", async () => {
  await using relay = await TestRelay.start({
    set: ["limits.new_queues_per_minute=3"],
  });
  await using client = await relay.connect();
  for (let n = 0; n < 3; n++) assert.equal(await tries(client), "IDS");
  assert.equal(await tries(client), "ERR QUOTA");
  await using other = await relay.connect();
  assert.equal(await tries(other), "IDS");
});

Deno.test("a relay with all of its messages tells senders to try later", async () => {
  await using relay = await TestRelay.start({ set: ["limits.messages=1"] });
  await using client = await relay.connect();
  const { to } = await createSecured(client, { subscribe: false });
  assert.equal(await sends(client, "one", to), "OK");
  await new Promise((resolve) => setTimeout(resolve, SECOND));
  assert.equal(await sends(client, "two", to), "ERR QUOTA");
  assert.equal(relay.relay.control.statistics().total.msgSentQuota, 1);
});

Deno.test("so many queues are blocked from one day to the next", async () => {
  await using relay = await TestRelay.start({ set: ["limits.daily_blocks=1"] });
  await using client = await relay.connect();
  const { queues } = relay.relay.control;
  const block = async () => {
    const { queue } = await createSecured(client);
    return await queues.block(queue.ids.senderId, { reason: "spam" });
  };
  assert.equal((await block())?.changed, true);
  await assert.rejects(block(), /limits\.daily_blocks/);
});
