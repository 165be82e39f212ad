import assert from "node:assert/strict";
import {
  acknowledge,
  asRecipient,
  nextMessage,
  recipientSays,
  sends,
  words,
} from "../server/commands.ts";
import { createQueue, TestRelay } from "../server/harness.ts";
import {
  addNotifier,
  nextEvent,
  quiet,
  SOON,
  subscribeNotifier,
} from "../notifications/notifier.ts";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import {
  connectService,
  inFull,
  makeService,
  subscribeAll,
} from "./service.ts";

Deno.test("a messaging service creates queues and subscribes to each", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using service = await connectService(relay, await makeService("M"));
  const { client, id } = service;
  const queue = await createQueue(client);
  assert.deepEqual(queue.ids.serviceId, id);
  await assert.rejects(
    createQueue(client, { subscribe: false }),
    /PROHIBITED/,
  );
  await using sender = await relay.connect();
  const to = { senderId: queue.ids.senderId };
  assert.equal(await sends(sender, "hello", to), "OK");
  // Messages are not delivered to services as such yet, only to subscribers.
  await quiet(client);
  const unsigned = await client.send({ tag: "SUB" }, {
    entityId: queue.entityId,
    key: queue.key,
    signAsService: false,
  });
  assert.equal(words(unsigned), "ERR SERVICE");
  const answer = await asRecipient(client, queue, { tag: "SUB" });
  assert.equal(inFull(answer), `SOK ${id.toHex()}`);
  const { id: messageId, text } = await nextMessage(client, queue);
  assert.equal(text, "hello");
  assert.equal(words(await acknowledge(client, queue, messageId)), "OK");
  // As in the reference of this version.
  const all = await subscribeAll(service, "SUBS");
  assert.equal(words(all), "ERR CMD PROHIBITED");
});

Deno.test("a service's queue taken over by a client, or deleted", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const credentials = await makeService("M");
  await using service = await connectService(relay, credentials);
  const taken = await createQueue(service.client);
  const deleted = await createQueue(service.client);
  await using client = await relay.connect();
  const answer = await asRecipient(client, taken, { tag: "SUB" });
  assert.equal(inFull(answer), "SOK");
  assert.deepEqual(await nextEvent(service.client), {
    words: "END",
    entityId: taken.entityId,
  });
  assert.equal(await recipientSays(client, deleted, { tag: "DEL" }), "OK");
  assert.deepEqual(await nextEvent(service.client), {
    words: "DELD",
    entityId: deleted.entityId,
  });
  await createQueue(service.client);
  await using other = await connectService(relay, credentials);
  await createQueue(other.client);
  assert.deepEqual(await nextEvent(service.client), {
    words: "ENDS 1",
    entityId: service.id,
  });
});

Deno.test("a service uses the commands of its role", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  const queue = await createQueue(client);
  const { publicKey, privateKey } = generateAuthKeyPair("ed25519");
  await recipientSays(client, queue, { tag: "KEY", key: publicKey });
  const to = { senderId: queue.ids.senderId, key: privateKey };
  const notifier = await addNotifier(client, {
    queue,
    to,
    sender: {
      publicKey,
      privateKey,
    },
  });
  const prohibited = "ERR CMD PROHIBITED";

  await using messaging = await connectService(relay, await makeService("M"));
  assert.equal(
    words(await subscribeNotifier(messaging.client, notifier)),
    prohibited,
  );
  assert.equal(words(await subscribeAll(messaging)), prohibited);
  assert.equal(await sends(messaging.client, "hello", to), "OK");

  await using notifying = await connectService(relay, await makeService("N"));
  await assert.rejects(createQueue(notifying.client), /PROHIBITED/);
  assert.equal(await sends(notifying.client, "hello", to), prohibited);
  assert.equal(
    await recipientSays(notifying.client, queue, { tag: "SUB" }),
    prohibited,
  );
  assert.equal(words(await subscribeAll(notifying, "SUBS")), prohibited);
  assert.equal(words(await notifying.client.send({ tag: "PING" })), "PONG");
  // A queue that does not exist is no queue in any role.
  const unknown = { ...notifier, id: queue.entityId };
  assert.equal(
    words(await subscribeNotifier(messaging.client, unknown)),
    "ERR AUTH",
  );
  // Nobody asks for the queues of another service.
  const foreign = { client: notifying.client, id: messaging.id };
  assert.equal(
    words(await subscribeAll({ ...notifying, ...foreign })),
    "ERR SERVICE",
  );
  // Only these three are signed by the service too.
  const signed = await messaging.client.send({ tag: "GET" }, {
    entityId: queue.entityId,
    key: queue.key,
    signAsService: true,
  });
  assert.equal(words(signed), "ERR SERVICE");
});
