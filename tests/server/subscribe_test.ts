import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import {
  acknowledge,
  createSecured,
  delivery,
  nextMessage,
  nothingUnread,
  recipientSays,
  sends,
  subscribe,
  words,
} from "./commands.ts";
import { createQueue, type TestQueue, TestRelay } from "./harness.ts";

Deno.test("many queues, disconnect and connect again", async () => {
  await using relay = await TestRelay.start();
  const queues: TestQueue[] = [];
  {
    await using client = await relay.connect();
    for (let i = 0; i < 100; i++) queues.push(await createQueue(client));
    assert.equal(relay.relay.counts().subscriptions, 100);
  }
  await relay.until(({ subscriptions }) => subscriptions === 0);
  for (let round = 0; round < 2; round++) {
    await using client = await relay.connect();
    for (const queue of queues) await subscribe(client, queue);
    assert.equal(relay.relay.counts().subscriptions, 100);
  }
  await relay.until(({ sessions }) => sessions === 0);
  const { subscriptions, queues: count } = relay.relay.counts();
  assert.deepEqual([subscriptions, count], [0, 100]);
});

Deno.test("two parties talk over two queues", async () => {
  await using relay = await TestRelay.start();
  await using alice = await relay.connect();
  await using bob = await relay.connect();
  const toAlice = await createQueue(alice, { algorithm: "ed448" });
  // What the first messages carry is up to the parties: here a key in hex, as
  // it has to reach the other side somehow.
  const bobKeys = generateAuthKeyPair("x25519");
  const { senderId } = toAlice.ids;
  assert.equal(
    await sends(bob, bobKeys.publicKey.raw.toHex(), { senderId }),
    "OK",
  );
  const request = await nextMessage(alice, toAlice);
  assert.equal(request.text, bobKeys.publicKey.raw.toHex());
  assert.equal(words(await acknowledge(alice, toAlice, request.id)), "OK");
  const key = bobKeys.publicKey;
  assert.equal(await recipientSays(alice, toAlice, { tag: "KEY", key }), "OK");

  const fromBob = { senderId, key: bobKeys.privateKey };
  const { queue: toBob, to: fromAlice } = await createSecured(bob, {
    algorithm: "x25519",
    senderAlgorithm: "ed25519",
  });
  assert.equal(
    await sends(bob, toBob.ids.senderId.toHex(), fromBob),
    "OK",
  );
  const reply = await nextMessage(alice, toAlice);
  assert.equal(reply.text, toBob.ids.senderId.toHex());
  assert.equal(words(await acknowledge(alice, toAlice, reply.id)), "OK");

  assert.equal(await sends(alice, "how are you bob", fromAlice), "OK");
  assert.equal(await sends(bob, "hi alice", fromBob), "OK");
  const atBob = await nextMessage(bob, toBob);
  const atAlice = await nextMessage(alice, toAlice);
  assert.equal(atBob.text, "how are you bob");
  assert.equal(atAlice.text, "hi alice");
  assert.equal(words(await acknowledge(bob, toBob, atBob.id)), "OK");
  assert.equal(words(await acknowledge(alice, toAlice, atAlice.id)), "OK");
});

Deno.test("a subscription moves to another connection", async () => {
  await using relay = await TestRelay.start();
  await using first = await relay.connect();
  await using second = await relay.connect();
  await using sender = await relay.connect();
  const queue = await createQueue(first, { algorithm: "ed448" });
  const { senderId } = queue.ids;
  assert.equal(await sends(sender, "one", { senderId }), "OK");
  assert.equal(await sends(sender, "two", { senderId }), "OK");
  const one = await nextMessage(first, queue);
  assert.equal(one.text, "one");
  const two = delivery(queue, await acknowledge(first, queue, one.id));
  assert.equal(two.text, "two");

  // Not acknowledged, so the second connection gets it as well.
  await subscribe(second, queue);
  const again = await nextMessage(second, queue);
  assert.equal(again.text, "two");
  assert.deepEqual(again.id, two.id);
  assert.equal(words(await acknowledge(second, queue, again.id)), "OK");
  const end = await first.event();
  assert.equal(end.message.tag, "END");
  assert.deepEqual(end.entityId, queue.entityId);
  assert.equal(relay.relay.counts().subscriptions, 1);

  assert.equal(await sends(sender, "three", { senderId }), "OK");
  const three = await nextMessage(second, queue);
  assert.equal(three.text, "three");
  assert.equal(words(await acknowledge(first, queue, three.id)), "ERR NO_MSG");
  assert.equal(words(await acknowledge(second, queue, three.id)), "OK");

  assert.equal(await recipientSays(first, queue, { tag: "DEL" }), "OK");
  const deleted = await second.event();
  assert.equal(deleted.message.tag, "DELD");
  assert.deepEqual(deleted.entityId, queue.entityId);
  await nothingUnread(first);
  assert.equal(relay.relay.counts().subscriptions, 0);
});

Deno.test("the connection that deletes a queue is told nothing more", async () => {
  await using relay = await TestRelay.start();
  await using client = await relay.connect();
  await using other = await relay.connect();
  const mine = await createQueue(client);
  const moved = await createQueue(client);
  await subscribe(other, moved);
  assert.equal(await recipientSays(client, mine, { tag: "DEL" }), "OK");
  // This END was due after the DELD would have been, in the same block.
  const end = await client.event();
  assert.equal(end.message.tag, "END");
  assert.deepEqual(end.entityId, moved.entityId);
  await nothingUnread(client);
});

Deno.test("many ENDs share blocks", async () => {
  await using relay = await TestRelay.start();
  await using first = await relay.connect();
  await using second = await relay.connect();
  const queues: TestQueue[] = [];
  for (let i = 0; i < 60; i++) queues.push(await createQueue(first));
  const responses = second.smp.requestAll(
    queues.map(({ entityId, key }) => ({
      command: { tag: "SUB" },
      entityId,
      key,
    })),
  );
  for (const { message } of await Promise.all(responses)) {
    assert.equal(words(message), "SOK");
  }
  const ended: string[] = [];
  while (ended.length < queues.length) {
    const { entityId, message } = await first.event();
    assert.equal(message.tag, "END");
    ended.push(entityId.toHex());
  }
  assert.deepEqual(
    ended.sort(),
    queues.map(({ entityId }) => entityId.toHex()).sort(),
  );
});

Deno.test("a queue created without a subscription", async () => {
  await using relay = await TestRelay.start();
  await using recipient = await relay.connect();
  const { queue, to } = await createSecured(recipient, { subscribe: false });
  assert.equal(await sends(recipient, "waiting", to), "OK");
  await nothingUnread(recipient);
  await subscribe(recipient, queue);
  assert.equal((await nextMessage(recipient, queue)).text, "waiting");
});
