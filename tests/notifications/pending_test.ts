import assert from "node:assert/strict";
import { join } from "node:path";
import { NOTIFICATIONS_PER_QUEUE } from "../../relay/smp/server/notifications.ts";
import { startChild } from "../crash/child.ts";
import {
  acknowledge,
  asRecipient,
  createSecured,
  delivery,
  recipientSays,
  type SecuredQueue,
  words,
} from "../server/commands.ts";
import { TestClient, TestRelay } from "../server/harness.ts";
import {
  addNotifier,
  nextNotification,
  type Notifier,
  quiet,
  sendNotified,
  SOON,
  subscribeNotifier,
} from "./notifier.ts";

/** Receives all messages of the queue with `GET`; their IDs. */
async function receiveAll(
  client: TestClient,
  { queue }: SecuredQueue,
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const answer = await asRecipient(client, queue, { tag: "GET" });
    if (answer.tag === "OK") return ids;
    const { id } = delivery(queue, answer);
    ids.push(id.toHex());
    assert.equal(words(await acknowledge(client, queue, id)), "OK");
  }
}

async function subscribed(
  client: TestClient,
  notifier: Notifier,
): Promise<void> {
  assert.equal(words(await subscribeNotifier(client, notifier)), "SOK");
}

/** The next `count` notifications; IDs of their messages. */
async function notified(
  client: TestClient,
  notifier: Notifier,
  count: number,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { messageId } = await nextNotification(client, notifier);
    ids.push(messageId.toHex());
  }
  return ids;
}

Deno.test("notifications wait for a subscriber, also for messages that were received", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  const secured = await createSecured(client, { subscribe: false });
  const notifier = await addNotifier(client, secured);
  for (const text of ["1", "2", "3"]) await sendNotified(client, text, secured);
  const ids = await receiveAll(client, secured);
  assert.equal(relay.relay.counts().messages, 0);
  await using late = await relay.connect();
  await subscribed(late, notifier);
  assert.deepEqual(await notified(late, notifier, 3), ids);
  await relay.until(({ notifications }) => notifications === 0);

  // Who comes after that finds nothing.
  await using later = await relay.connect();
  await subscribed(later, notifier);
  assert.equal((await late.event()).message.tag, "END");
  await quiet(late, later);
});

Deno.test("notifications are there after a restart, and only once", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  let secured: SecuredQueue;
  let notifier: Notifier;
  let ids: string[];
  {
    await using client = await relay.connect();
    secured = await createSecured(client, { subscribe: false });
    notifier = await addNotifier(client, secured);
    await sendNotified(client, "1", secured);
    await sendNotified(client, "2", secured);
  }
  await relay.restart(SOON);
  {
    await using client = await relay.connect();
    await sendNotified(client, "3", secured);
    ids = await receiveAll(client, secured);
    await using subscriber = await relay.connect();
    await subscribed(subscriber, notifier);
    assert.deepEqual(await notified(subscriber, notifier, 3), ids);
    await relay.until(({ notifications }) => notifications === 0);
  }
  await relay.restart(SOON);
  await using subscriber = await relay.connect();
  await subscribed(subscriber, notifier);
  await quiet(subscriber);
});

Deno.test("what the sender was answered OK to is notified after kill -9", async () => {
  const directory = await Deno.makeTempDir();
  const order = {
    directory,
    quota: 128,
    fsyncDelay: 0,
    syncTrace: join(directory, "trace"),
  };
  try {
    const start = async () => {
      const child = await startChild(order);
      const identity = { fingerprint: child.fingerprint };
      return { child, place: { ports: [child.port], identity } };
    };
    const first = await start();
    const client = await TestClient.connect(first.place);
    const secured = await createSecured(client, { subscribe: false });
    const notifier = await addNotifier(client, secured);
    for (let i = 0; i < 20; i++) {
      await sendNotified(client, String(i), secured);
    }
    await first.child.kill();
    await client.smp.close();

    const second = await start();
    {
      await using client = await TestClient.connect(second.place);
      const ids = await receiveAll(client, secured);
      assert.equal(ids.length, 20);
      await subscribed(client, notifier);
      assert.deepEqual(await notified(client, notifier, 20), ids);
    }
    await second.child.stop();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("of more notifications than are kept the oldest go", async () => {
  await using relay = await TestRelay.start({
    set: [...SOON, "smp.messages_per_queue=1000"],
  });
  await using client = await relay.connect();
  const secured = await createSecured(client, { subscribe: false });
  const notifier = await addNotifier(client, secured);
  for (let i = 0; i < NOTIFICATIONS_PER_QUEUE + 10; i++) {
    await sendNotified(client, String(i), secured);
  }
  const kept = relay.relay.counts().notifications;
  assert.equal(kept, NOTIFICATIONS_PER_QUEUE);
  const ids = await receiveAll(client, secured);
  await subscribed(client, notifier);
  assert.deepEqual(await notified(client, notifier, kept), ids.slice(10));
  await quiet(client);
});

Deno.test("notifications go with their notifier and with their queue", async () => {
  await using relay = await TestRelay.start({ set: SOON });
  await using client = await relay.connect();
  const secured = await createSecured(client, { subscribe: false });
  const pending = () => relay.relay.counts().notifications;
  for (const change of ["NKEY", "NDEL", "DEL"] as const) {
    await addNotifier(client, secured);
    await sendNotified(client, change, secured);
    assert.equal(pending(), 1);
    if (change === "NKEY") await addNotifier(client, secured);
    else {
      const answer = await recipientSays(client, secured.queue, {
        tag: change,
      });
      assert.equal(answer, "OK");
    }
    assert.equal(pending(), 0);
  }
});

Deno.test("old notifications expire, by the clock and at the start", async () => {
  const set = [...SOON, "smp.notification_expiry=1s"];
  await using relay = await TestRelay.start({
    set: [...set, "smp.notification_expiry_check=100ms"],
  });
  let secured: SecuredQueue;
  let notifier: Notifier;
  {
    await using client = await relay.connect();
    secured = await createSecured(client, { subscribe: false });
    notifier = await addNotifier(client, secured);
    await sendNotified(client, "1", secured);
    await sendNotified(client, "2", secured);
    assert.equal(relay.relay.counts().notifications, 2);
    await relay.until(({ notifications }) => notifications === 0);
    await relay.restart(set);
  }
  await using client = await relay.connect();
  await sendNotified(client, "3", secured);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.equal(relay.relay.counts().notifications, 1);
  await relay.restart(set);
  assert.equal(relay.relay.counts().notifications, 0);
  await using subscriber = await relay.connect();
  await subscribed(subscriber, notifier);
  await quiet(subscriber);
  // The messages themselves are still there.
  assert.equal(relay.relay.counts().messages, 3);
});
