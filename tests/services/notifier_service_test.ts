import assert from "node:assert/strict";
import type { Message } from "../../relay/smp/mod.ts";
import {
  createSecured,
  recipientSays,
  type SecuredQueue,
} from "../server/commands.ts";
import { type TestClient, TestRelay } from "../server/harness.ts";
import {
  addNotifier,
  nextEvent,
  nextNotification,
  type Notifier,
  quiet,
  sendNotified,
  SOON,
  subscribeNotifier,
} from "../notifications/notifier.ts";
import {
  connectService,
  inFull,
  makeService,
  type ServiceClient,
  subscribeAll,
} from "./service.ts";

interface NotifiedQueue {
  readonly secured: SecuredQueue;
  readonly notifier: Notifier;
}

async function notifiedQueue(client: TestClient): Promise<NotifiedQueue> {
  const secured = await createSecured(client, { subscribe: false });
  return { secured, notifier: await addNotifier(client, secured) };
}

/** A message of the queue is sent, and these are told. */
async function delivers(
  sender: TestClient,
  { secured, notifier }: NotifiedQueue,
  to: TestClient,
): Promise<void> {
  await sendNotified(sender, "hello", secured);
  await nextNotification(to, notifier);
}

async function subscribed(
  { client, id }: ServiceClient,
  { notifier }: NotifiedQueue,
): Promise<void> {
  const answer: Message = await subscribeNotifier(client, notifier);
  assert.equal(inFull(answer), `SOK ${id.toHex()}`);
}

Deno.test("a notifier service subscribes, is taken over, and subscribes to all", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const service = await makeService();
  await using recipient = await relay.connect();
  const queue = await notifiedQueue(recipient);
  await using first = await connectService(relay, service);
  // Not without the service's signature in the session of a service.
  const unsigned = await subscribeNotifier(first.client, queue.notifier, {
    signAsService: false,
  });
  assert.equal(inFull(unsigned), "ERR SERVICE");
  await subscribed(first, queue);
  await subscribed(first, queue);
  await delivers(recipient, queue, first.client);

  await using second = await connectService(relay, service);
  assert.deepEqual(second.id, first.id);
  await subscribed(second, queue);
  const ends = { words: "ENDS 1", entityId: first.id };
  assert.deepEqual(await nextEvent(first.client), ends);
  await delivers(recipient, queue, second.client);
  await quiet(first.client);

  const { queue: { entityId } } = queue.secured;
  assert.equal(
    await recipientSays(recipient, queue.secured.queue, { tag: "NDEL" }),
    "OK",
    entityId.toHex(),
  );
  const { id } = queue.notifier;
  const deleted = { words: "DELD", entityId: id };
  assert.deepEqual(await nextEvent(second.client), deleted);
  await sendNotified(recipient, "unheard", queue.secured);
  await quiet(first.client, second.client);

  const again = {
    secured: queue.secured,
    notifier: await addNotifier(recipient, queue.secured),
  };
  const other = await notifiedQueue(recipient);
  await subscribed(second, again);
  await subscribed(second, other);
  await delivers(recipient, again, second.client);
  await delivers(recipient, other, second.client);

  assert.equal(inFull(await subscribeAll(first)), "SOKS 2");
  assert.equal(inFull(await subscribeAll(first)), "SOKS 2");
  assert.deepEqual(await nextEvent(second.client), {
    words: "ENDS 2",
    entityId: first.id,
  });
  await delivers(recipient, again, first.client);
  await delivers(recipient, other, first.client);

  // Who lost them can have them back.
  assert.equal(inFull(await subscribeAll(second)), "SOKS 2");
  assert.deepEqual(await nextEvent(first.client), {
    words: "ENDS 2",
    entityId: first.id,
  });
  await quiet(first.client, second.client);
});

Deno.test("a service has its queues and its ID after two restarts", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const service = await makeService("N", "ed448");
  let id: Uint8Array;
  let queue: NotifiedQueue;
  {
    await using recipient = await relay.connect();
    queue = await notifiedQueue(recipient);
    await using session = await connectService(relay, service);
    id = session.id;
    await subscribed(session, queue);
    await delivers(recipient, queue, session.client);
  }
  for (let restart = 0; restart < 2; restart++) {
    await relay.restart(SOON);
    await using recipient = await relay.connect();
    // It waits for the service.
    await sendNotified(recipient, "early", queue.secured);
    await using session = await connectService(relay, service);
    assert.deepEqual(session.id, id);
    assert.equal(inFull(await subscribeAll(session)), "SOKS 1");
    await nextNotification(session.client, queue.notifier);
    await delivers(recipient, queue, session.client);
  }
});

Deno.test("a queue goes from client to service, to another service, and back", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using recipient = await relay.connect();
  const queue = await notifiedQueue(recipient);
  const kept = await notifiedQueue(recipient);
  const { notifier } = queue;
  const end = { words: "END", entityId: notifier.id };
  await using plain = await relay.connect();
  assert.equal(inFull(await subscribeNotifier(plain, notifier)), "SOK");

  await using first = await connectService(relay, await makeService());
  await subscribed(first, kept);
  await subscribed(first, queue);
  assert.deepEqual(await nextEvent(plain), end);
  await delivers(recipient, queue, first.client);

  await using second = await connectService(relay, await makeService());
  assert.notDeepEqual(second.id, first.id);
  await subscribed(second, queue);
  assert.deepEqual(await nextEvent(first.client), end);
  await delivers(recipient, queue, second.client);
  assert.equal(inFull(await subscribeAll(first)), "SOKS 1");

  assert.equal(inFull(await subscribeNotifier(plain, notifier)), "SOK");
  assert.deepEqual(await nextEvent(second.client), end);
  await delivers(recipient, queue, plain);
  assert.equal(inFull(await subscribeAll(second)), "SOKS 0");
  await delivers(recipient, kept, first.client);
  await quiet(plain, first.client, second.client);
});

Deno.test("all that waited goes to the service's new session", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  const service = await makeService();
  await using recipient = await relay.connect();
  const queues: NotifiedQueue[] = [];
  for (let i = 0; i < 5; i++) queues.push(await notifiedQueue(recipient));
  {
    await using session = await connectService(relay, service);
    for (const queue of queues) await subscribed(session, queue);
  }
  await relay.until(({ sessions }) => sessions === 1);
  for (const { secured } of queues) await sendNotified(recipient, "x", secured);
  await using session = await connectService(relay, service);
  await subscribed(session, queues[0]);
  const left = new Map(
    queues.map(({ notifier }) => [notifier.id.toHex(), notifier]),
  );
  while (left.size > 0) {
    const { entityId, message } = await session.client.event();
    left.get(entityId.toHex())?.meta(message);
    assert.ok(left.delete(entityId.toHex()));
  }
  await relay.until(({ notifications }) => notifications === 0);
});

Deno.test("a queue is counted for its service until it or its notifier goes", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using recipient = await relay.connect();
  const service = await makeService();
  const counted = async () => {
    await using session = await connectService(relay, service);
    return inFull(await subscribeAll(session));
  };
  assert.equal(await counted(), "SOKS 0");
  const [first, second, third] = [
    await notifiedQueue(recipient),
    await notifiedQueue(recipient),
    await notifiedQueue(recipient),
  ];
  {
    await using session = await connectService(relay, service);
    for (const queue of [first, second, third]) {
      await subscribed(session, queue);
    }
  }
  assert.equal(await counted(), "SOKS 3");
  await recipientSays(recipient, first.secured.queue, { tag: "NDEL" });
  assert.equal(await counted(), "SOKS 2");
  await recipientSays(recipient, second.secured.queue, { tag: "DEL" });
  assert.equal(await counted(), "SOKS 1");
  await addNotifier(recipient, third.secured);
  assert.equal(await counted(), "SOKS 0");
});
