import assert from "node:assert/strict";
import { supportedVersions } from "../../relay/smp/mod.ts";
import {
  acknowledge,
  createSecured,
  nextMessage,
  recipientSays,
  sends,
  words,
} from "../server/commands.ts";
import { TestRelay } from "../server/harness.ts";
import {
  addNotifier,
  nextEvent,
  nextNotification,
  quiet,
  sendNotified,
  SOON,
  subscribeNotifier,
} from "./notifier.ts";

for (let version = 9; version <= supportedVersions.max; version++) {
  Deno.test(`notifications, taken over, deleted and again: version ${version}`, async () => {
    await using relay = await TestRelay.start({ set: SOON });
    const versions = { min: 6, max: version };
    await using recipient = await relay.connect({ versions });
    await using sender = await relay.connect({ versions });
    await using first = await relay.connect({ versions });
    await using second = await relay.connect({ versions });
    const secured = await createSecured(recipient);
    const { queue } = secured;
    const replaced = await addNotifier(recipient, secured);
    const notifier = await addNotifier(recipient, secured);
    assert.notDeepEqual(notifier.id, replaced.id);
    assert.equal(words(await subscribeNotifier(first, replaced)), "ERR AUTH");

    // Before version 16 SOK is encoded as OK.
    const sok = version < 16 ? "OK" : "SOK";
    assert.equal(words(await subscribeNotifier(first, notifier)), sok);
    const before = Math.floor(Date.now() / 1000);
    await sendNotified(sender, "hello", secured);
    const hello = await nextMessage(recipient, queue);
    assert.equal(hello.text, "hello");
    // Received before the notifier is told, which is told all the same.
    assert.equal(words(await acknowledge(recipient, queue, hello.id)), "OK");
    const meta = await nextNotification(first, notifier);
    assert.deepEqual(meta.messageId, hello.id);
    assert.ok(meta.time >= before && meta.time <= Date.now() / 1000);

    assert.equal(words(await subscribeNotifier(second, notifier)), sok);
    const end = { words: "END", entityId: notifier.id };
    assert.deepEqual(await nextEvent(first), end);
    await sendNotified(sender, "again", secured);
    const again = await nextMessage(recipient, queue);
    assert.equal(words(await acknowledge(recipient, queue, again.id)), "OK");
    await nextNotification(second, notifier);
    await quiet(first);

    assert.equal(await recipientSays(recipient, queue, { tag: "NDEL" }), "OK");
    const deleted = { words: version < 10 ? "END" : "DELD" };
    assert.deepEqual(await nextEvent(second), {
      ...deleted,
      entityId: notifier.id,
    });
    await sendNotified(sender, "unheard", secured);
    const unheard = await nextMessage(recipient, queue);
    assert.equal(words(await acknowledge(recipient, queue, unheard.id)), "OK");
    await quiet(first, second);

    const newer = await addNotifier(recipient, secured);
    assert.equal(words(await subscribeNotifier(first, newer)), sok);
    await sendNotified(sender, "one more", secured);
    await nextNotification(first, newer);
    await quiet(second);
  });
}

Deno.test("messages without the flag, and the mark of a full queue, are not notified", async () => {
  await using relay = await TestRelay.start({
    set: [...SOON, "smp.messages_per_queue=2"],
  });
  await using client = await relay.connect();
  await using other = await relay.connect();
  const secured = await createSecured(client, { subscribe: false });
  const notifier = await addNotifier(client, secured);
  assert.equal(words(await subscribeNotifier(other, notifier)), "SOK");
  assert.equal(await sends(client, "1", secured.to), "OK");
  await quiet(other);
  await sendNotified(client, "2", secured);
  const full = await client.send({
    tag: "SEND",
    notification: true,
    body: new Uint8Array(10),
  }, { entityId: secured.to.senderId, key: secured.to.key });
  assert.equal(words(full), "ERR QUOTA");
  await nextNotification(other, notifier);
  await quiet(other);
});

Deno.test("subscribing twice changes nothing; the subscriber's own changes send no event", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  const secured = await createSecured(client, { subscribe: false });
  const notifier = await addNotifier(client, secured);
  for (let i = 0; i < 2; i++) {
    assert.equal(words(await subscribeNotifier(client, notifier)), "SOK");
  }
  assert.equal(relay.relay.counts().notifierSubscriptions, 1);
  await sendNotified(client, "once", secured);
  await nextNotification(client, notifier);
  await quiet(client);
  const newer = await addNotifier(client, secured);
  assert.equal(relay.relay.counts().notifierSubscriptions, 0);
  assert.equal(words(await subscribeNotifier(client, newer)), "SOK");
  assert.equal(
    await recipientSays(client, secured.queue, { tag: "DEL" }),
    "OK",
  );
  await quiet(client);
  assert.equal(relay.relay.counts().notifierSubscriptions, 0);
});

Deno.test("who replaces the notifier or deletes the queue has its subscriber told", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  await using other = await relay.connect();
  const secured = await createSecured(client);
  const notifier = await addNotifier(client, secured);
  await subscribeNotifier(other, notifier);
  const newer = await addNotifier(client, secured);
  assert.deepEqual(await nextEvent(other), {
    words: "DELD",
    entityId: notifier.id,
  });
  await subscribeNotifier(other, newer);
  await recipientSays(client, secured.queue, { tag: "DEL" });
  assert.deepEqual(await nextEvent(other), {
    words: "DELD",
    entityId: newer.id,
  });
  assert.equal(words(await subscribeNotifier(other, newer)), "ERR AUTH");
});

Deno.test("only the notifier's key subscribes", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  const secured = await createSecured(client);
  const { id, key, meta } = await addNotifier(client, secured);
  for (
    const wrong of [
      { id, key: secured.queue.key },
      { id: secured.queue.entityId, key },
      { id: secured.to.senderId, key: secured.to.key },
    ]
  ) {
    const answer = await subscribeNotifier(client, { ...wrong, meta });
    assert.equal(words(answer), "ERR AUTH");
  }
  const unknown = await client.send({ tag: "NSUBS" }, { entityId: id, key });
  assert.equal(words(unknown), "ERR SERVICE");
  await sendNotified(client, "unheard", secured);
  await client.event();
  await quiet(client);
});

Deno.test("notifications of many queues share blocks and keep their order", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  await using other = await relay.connect();
  const queues = [];
  for (let i = 0; i < 3; i++) {
    const secured = await createSecured(client, { subscribe: false });
    queues.push({ secured, notifier: await addNotifier(client, secured) });
  }
  for (let i = 0; i < 100; i++) {
    await sendNotified(client, String(i), queues[i % 3].secured);
  }
  for (const { notifier } of queues) await subscribeNotifier(other, notifier);
  const sent = new Map<string, string[]>();
  for (let i = 0; i < 100; i++) {
    const { entityId, message } = await other.event();
    const found = queues.find(({ notifier }) =>
      notifier.id.toHex() === entityId.toHex()
    );
    assert.ok(found !== undefined);
    const { messageId } = found.notifier.meta(message);
    const name = entityId.toHex();
    sent.set(name, [...sent.get(name) ?? [], messageId.toHex()]);
  }
  for (const { secured: { queue }, notifier } of queues) {
    await recipientSays(client, queue, { tag: "SUB" });
    for (const id of sent.get(notifier.id.toHex()) ?? []) {
      const message = await nextMessage(client, queue);
      assert.equal(message.id.toHex(), id);
      // The next message comes as the answer; it is asked for again.
      await acknowledge(client, queue, message.id);
      await recipientSays(client, queue, { tag: "SUB" });
    }
  }
  await relay.until(({ notifications }) => notifications === 0);
});
