import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import type { BlockingInfo, Command, Message } from "../../relay/smp/mod.ts";
import {
  asRecipient,
  createSecured,
  nextMessage,
  nothingUnread,
  recipientSays,
  sends,
  subscribe,
  words,
} from "./commands.ts";
import { createQueue, TestRelay } from "./harness.ts";

const INFO: BlockingInfo = { reason: "content", notice: '{"ttl":60}' };

function infoOf(message: Message): BlockingInfo {
  assert.equal(words(message), "ERR BLOCKED");
  assert.ok(message.tag === "ERR" && message.error.type === "BLOCKED");
  return message.error.info;
}

Deno.test("a blocked queue says why to everybody, over a restart, until it is unblocked", async () => {
  await using relay = await TestRelay.start();
  const control = () => relay.relay.queues;
  const blocked = { type: "blocked", info: INFO };
  let client = await relay.connect();
  const { queue, to } = await createSecured(client, { subscribe: false });
  const id = queue.ids.senderId;
  assert.equal(await sends(client, "kept", to), "OK");
  assert.deepEqual(await control().blockQueue(id, INFO), {
    before: { type: "active" },
    after: blocked,
  });
  const sendCommand = {
    tag: "SEND",
    notification: false,
    body: new Uint8Array(1),
  } as const;
  const check = async () => {
    const recipients: Command[] = [
      { tag: "SUB" },
      { tag: "GET" },
      { tag: "ACK", messageId: new Uint8Array(24) },
      { tag: "QUE" },
      { tag: "NDEL" },
      { tag: "LDEL" },
      { tag: "KEY", key: generateAuthKeyPair("ed25519").publicKey },
    ];
    for (const command of recipients) {
      const answer = await asRecipient(client, queue, command);
      assert.deepEqual(infoOf(answer), INFO, command.tag);
    }
    const sent = await client.send(sendCommand, {
      entityId: id,
      key: to.key,
    });
    assert.deepEqual(infoOf(sent), INFO);
  };
  await check();
  await client.smp.close();
  await relay.restart();
  client = await relay.connect();
  await check();
  const overview = control().queueStatus(id);
  assert.deepEqual(overview?.status, blocked);
  assert.equal(overview?.mode, "M");
  assert.equal(typeof overview?.updatedDay, "number");

  assert.deepEqual(await control().unblockQueue(id), {
    before: blocked,
    after: { type: "active" },
  });
  await subscribe(client, queue);
  assert.equal((await nextMessage(client, queue)).text, "kept");
  assert.equal(await sends(client, "more", to), "OK");
  await client.smp.close();
});

Deno.test("what older versions are told of a blocked queue", async () => {
  await using relay = await TestRelay.start();
  for (
    const [version, told] of [
      [11, undefined],
      [12, { reason: "content" }],
      [17, { reason: "content" }],
      [18, INFO],
    ] as const
  ) {
    await using client = await relay.connect({
      versions: { min: 6, max: version },
    });
    const { queue } = await createSecured(client);
    await relay.relay.queues.blockQueue(queue.entityId, INFO);
    // The subscriber is told at once.
    const { message, entityId } = await client.event();
    assert.deepEqual(entityId, queue.entityId);
    if (told === undefined) assert.equal(words(message), "ERR AUTH");
    else assert.deepEqual(infoOf(message), told);
  }
});

Deno.test("SKEY of a blocked queue is refused; its recipient can delete it", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client, { subscribe: false });
  await relay.relay.queues.blockQueue(queue.ids.senderId, { reason: "spam" });
  const { publicKey, privateKey } = generateAuthKeyPair("ed448");
  const answer = await client.send({ tag: "SKEY", key: publicKey }, {
    entityId: queue.ids.senderId,
    key: privateKey,
  });
  assert.deepEqual(infoOf(answer), { reason: "spam" });
  // Its recipient can still be rid of it.
  assert.equal(await recipientSays(client, queue, { tag: "DEL" }), "OK");
});

Deno.test("blocking again changes the reason; blocking the same tells nobody", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const queue = await createQueue(client);
  const { queues } = relay.relay;
  const id = queue.entityId;
  await queues.blockQueue(id, { reason: "spam" });
  assert.deepEqual(infoOf((await client.event()).message), { reason: "spam" });
  await queues.blockQueue(id, { reason: "spam" });
  await queues.blockQueue(id, { reason: "content" });
  assert.deepEqual(infoOf((await client.event()).message), {
    reason: "content",
  });
  await nothingUnread(client);
});

Deno.test("the owner finds a queue by its sender, link or recipient ID, and deletes it", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  const { queues } = relay.relay;
  const { queue, to } = await createSecured(client, { subscribe: false });
  const { senderId, recipientId } = queue.ids;
  const linkId = crypto.getRandomValues(new Uint8Array(24));
  const contact = await createQueue(client, { queue: { mode: "C" } });
  const set = await asRecipient(client, contact, {
    tag: "LSET",
    linkId,
    data: { fixed: new Uint8Array(10), user: new Uint8Array(10) },
  });
  assert.equal(words(set), "OK");
  for (const id of [senderId, recipientId, linkId]) {
    assert.deepEqual(queues.queueStatus(id)?.status, { type: "active" });
  }
  assert.equal(queues.queueStatus(linkId)?.mode, "C");
  assert.equal(await sends(client, "1", to), "OK");
  assert.equal(await sends(client, "2", to), "OK");
  await subscribe(client, queue);
  await nextMessage(client, queue);

  assert.deepEqual(await queues.deleteQueue(senderId), { messages: 2 });
  assert.equal(queues.queueStatus(recipientId), undefined);
  assert.equal(await sends(client, "3", to), "ERR AUTH");
  assert.equal(await recipientSays(client, queue, { tag: "SUB" }), "ERR AUTH");
  assert.equal(relay.relay.counts().messages, 0);
  assert.equal(relay.relay.counts().subscriptions, 1);
  for (
    const answer of [
      queues.blockQueue(senderId, INFO),
      queues.unblockQueue(senderId),
      queues.deleteQueue(senderId),
    ]
  ) assert.equal(await answer, undefined);
  await nothingUnread(client);

  assert.deepEqual(await queues.unblockQueue(linkId), {
    before: { type: "active" },
    after: { type: "active" },
  });
  assert.equal(await recipientSays(client, contact, { tag: "OFF" }), "OK");
  assert.deepEqual(await queues.unblockQueue(linkId), {
    before: { type: "off" },
    after: { type: "off" },
  });
});
