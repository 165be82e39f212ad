import assert from "node:assert/strict";
import { generateAuthKeyPair, generateX25519 } from "../../relay/crypto/mod.ts";
import { asRecipient, recipientSays, words } from "./commands.ts";
import {
  createQueue,
  type TestClient,
  type TestQueue,
  TestRelay,
} from "./harness.ts";

async function hasNotifier(
  client: TestClient,
  queue: TestQueue,
): Promise<boolean> {
  const message = await asRecipient(client, queue, { tag: "QUE" });
  assert.equal(message.tag, "INFO", words(message));
  return message.info.notifier;
}

function notifierRequest() {
  return {
    authKey: generateAuthKeyPair("ed25519").publicKey,
    dhKey: generateX25519().publicKey,
  };
}

Deno.test("NKEY gives a queue its notifier, NDEL takes it away", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  assert.equal(await hasNotifier(client, queue), false);
  assert.equal(await recipientSays(client, queue, { tag: "NDEL" }), "OK");

  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    const message = await asRecipient(client, queue, {
      tag: "NKEY",
      request: notifierRequest(),
    });
    assert.equal(message.tag, "NID", words(message));
    assert.equal(message.notifierId.length, 24);
    assert.equal(message.relayDhKey.length, 32);
    ids.push(message.notifierId.toHex());
  }
  assert.notEqual(ids[0], ids[1]);
  assert.equal(await hasNotifier(client, queue), true);

  assert.equal(await recipientSays(client, queue, { tag: "NDEL" }), "OK");
  assert.equal(await recipientSays(client, queue, { tag: "NDEL" }), "OK");
  assert.equal(await hasNotifier(client, queue), false);
});

Deno.test("only the recipient chooses the notifier", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  const command = { tag: "NKEY", request: notifierRequest() } as const;
  const wrongKey = generateAuthKeyPair("ed25519").privateKey;
  for (
    const rest of [
      { entityId: queue.entityId, key: wrongKey },
      { entityId: queue.ids.senderId, key: queue.key },
    ]
  ) {
    assert.equal(words(await client.send(command, rest)), "ERR AUTH");
    assert.equal(words(await client.send({ tag: "NDEL" }, rest)), "ERR AUTH");
  }
  assert.equal(await hasNotifier(client, queue), false);
});

Deno.test("NEW with a notifier", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { publicKey, privateKey: key } = generateAuthKeyPair("ed25519");
  const message = await client.send({
    tag: "NEW",
    request: {
      recipientKey: publicKey,
      recipientDhKey: generateX25519().publicKey,
      subscribe: true,
      queue: { mode: "M" },
      notifier: notifierRequest(),
    },
  }, { key });
  assert.equal(message.tag, "IDS", words(message));
  assert.equal(message.ids.notifier?.id.length, 24);
  const { recipientId: entityId } = message.ids;
  const says = async (tag: "QUE" | "NDEL") =>
    await client.send({ tag }, { entityId, key });
  const before = await says("QUE");
  assert.ok(before.tag === "INFO" && before.info.notifier);
  assert.equal(words(await says("NDEL")), "OK");
  const after = await says("QUE");
  assert.ok(after.tag === "INFO" && !after.info.notifier);
});
