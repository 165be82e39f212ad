import assert from "node:assert/strict";
import type { QueueRecord, QueueRole, Store } from "./mod.ts";
import { openSqliteStore } from "./mod.ts";
import {
  addMessage,
  addQueue,
  bodyOf,
  queueRecord,
  random,
} from "./testing/records.ts";

/** Runs `test` with a store in a folder that is removed afterwards. */
async function withStore(
  test: (store: Store, dir: string) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await using store = await openSqliteStore({ dir });
    await test(store, dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** A queue with every field that a queue can have. */
function fullRecord(): QueueRecord {
  return queueRecord({
    recipientKeys: [random(44), random(68), random(1)],
    senderKey: random(44),
    mode: "C",
    link: { id: random(24), fixed: random(2000), user: random(13_784) },
    notifier: {
      id: random(24),
      key: random(44),
      dhSecret: random(32),
      serviceId: random(24),
    },
    status: { type: "blocked", info: { reason: "spam", notice: '{"a":"ä"}' } },
    updatedDay: 20_000,
    recipientServiceId: random(24),
  });
}

const NO_SERVICES = {
  recipientServices: 0,
  recipientServiceQueues: 0,
  notifierServices: 0,
  notifierServiceQueues: 0,
};

Deno.test("a queue is found by each of its IDs, and by no other", () =>
  withStore(async (store) => {
    const { key, record } = addQueue(store, fullRecord());
    addQueue(store);
    await store.flush();
    const ids: [QueueRole, Uint8Array | undefined][] = [
      ["recipient", record.recipientId],
      ["sender", record.senderId],
      ["notifier", record.notifier?.id],
      ["link", record.link?.id],
    ];
    for (const [role, id] of ids) {
      assert(id);
      assert.deepEqual(store.findQueue(role, id), { key, record }, role);
      for (const [other] of ids) {
        if (other !== role) assert.equal(store.findQueue(other, id), undefined);
      }
      assert.equal(store.findQueue(role, id.subarray(0, 23)), undefined);
    }
    assert.equal(store.findQueue("recipient", random(24)), undefined);
  }));

Deno.test("a queue comes back with the fields it has and no more", () =>
  withStore(async (store) => {
    const records = [
      queueRecord(),
      queueRecord({ mode: "M", senderKey: random(44), updatedDay: 0 }),
      queueRecord({ status: { type: "off" } }),
      queueRecord({ status: { type: "blocked", info: { reason: "content" } } }),
      queueRecord({
        notifier: { id: random(24), key: random(44), dhSecret: random(32) },
      }),
    ];
    for (const record of records) addQueue(store, record);
    await store.flush();
    for (const record of records) {
      const found = store.findQueue("sender", record.senderId);
      assert.deepEqual(found?.record, record);
    }
  }));

Deno.test("an update replaces all but the two IDs; a touch only the day", () =>
  withStore(async (store) => {
    const { key, record } = addQueue(store);
    const { recipientId, senderId } = record;
    const full = { ...fullRecord(), recipientId, senderId };
    store.write({ type: "updateQueue", key, record: full });
    await store.flush();
    assert.deepEqual(store.findQueue("recipient", recipientId), {
      key,
      record: full,
    });

    store.write({ type: "touchQueue", key, updatedDay: 20_001 });
    await store.flush();
    assert.deepEqual(store.findQueue("recipient", recipientId)?.record, {
      ...full,
      updatedDay: 20_001,
    });

    const newLink = { id: random(24), fixed: random(10), user: random(20) };
    const relinked = { ...full, link: newLink };
    store.write({ type: "updateQueue", key, record: relinked });
    await store.flush();
    assert.deepEqual(store.findQueue("link", newLink.id)?.record, relinked);
    assert(full.link && full.notifier);
    assert.equal(store.findQueue("link", full.link.id), undefined);

    store.write({ type: "updateQueue", key, record });
    await store.flush();
    assert.deepEqual(store.findQueue("recipient", recipientId)?.record, record);
    assert.equal(store.findQueue("link", newLink.id), undefined);
    assert.equal(store.findQueue("notifier", full.notifier.id), undefined);
  }));

Deno.test("messages come oldest first, each with its body", () =>
  withStore(async (store) => {
    const [{ key }, { key: otherKey }] = [addQueue(store), addQueue(store)];
    const metas = [];
    for (let i = 0; i < 5; i++) {
      metas.push(addMessage(store, key, { notification: i % 2 === 0 }));
      addMessage(store, otherKey);
    }
    const long = addMessage(store, key, { body: bodyOf(1) });
    const quota = addMessage(store, key, { quota: true });
    await store.flush();
    assert.deepEqual(store.messages(key), [...metas, long, quota]);
    assert.equal(store.messages(otherKey).length, 5);
    assert.deepEqual(store.messages(otherKey + 1), []);
    assert.deepEqual(store.messageBody(long.seq), bodyOf(1));
    assert.deepEqual(store.messageBody(quota.seq), new Uint8Array(0));
    assert.equal(store.messageBody(quota.seq + 1), undefined);

    const [first, ...rest] = metas.map(({ seq }) => seq);
    store.write({ type: "deleteMessages", seqs: [first, long.seq, 999_999] });
    await store.flush();
    assert.deepEqual(
      store.messages(key).map(({ seq }) => seq),
      [...rest, quota.seq],
    );
    assert.equal(store.messageBody(first), undefined);
  }));

Deno.test("deleting a queue takes its messages and its link along", () =>
  withStore(async (store) => {
    const { key, record } = addQueue(store, fullRecord());
    const kept = addQueue(store);
    const { seq } = addMessage(store, key);
    const keptMessage = addMessage(store, kept.key);
    await store.flush();
    store.write({ type: "deleteQueue", key });
    await store.flush();
    assert.equal(store.findQueue("recipient", record.recipientId), undefined);
    assert.equal(
      store.findQueue("link", record.link?.id ?? random(24)),
      undefined,
    );
    assert.deepEqual(store.messages(key), []);
    assert.equal(store.messageBody(seq), undefined);
    assert.deepEqual(store.messages(kept.key), [keptMessage]);
    assert.deepEqual(store.counts(), {
      ...NO_SERVICES,
      queues: 1,
      notifiers: 0,
      messages: 1,
      notifications: 0,
    });
  }));

Deno.test("changes of one group apply in order", () =>
  withStore(async (store) => {
    const before = addQueue(store);
    const old = addMessage(store, before.key);
    await store.flush();

    const { key, record } = addQueue(store);
    const gone = addMessage(store, key);
    store.write({ type: "deleteMessages", seqs: [gone.seq, old.seq] });
    const stays = addMessage(store, key);
    store.write({ type: "touchQueue", key, updatedDay: 1 });
    store.write({ type: "touchQueue", key, updatedDay: 2 });
    store.write({ type: "deleteQueue", key: before.key });
    // Its ID is free again, within the same group.
    const again = addQueue(store, { recipientId: before.record.recipientId });
    await store.flush();
    assert.deepEqual(store.messages(key), [stays]);
    assert.equal(store.messageBody(old.seq), undefined);
    assert.equal(
      store.findQueue("recipient", record.recipientId)?.record.updatedDay,
      2,
    );
    const id = before.record.recipientId;
    assert.equal(store.findQueue("recipient", id)?.key, again.key);
  }));

Deno.test("old messages come in order of time, with their queue", () =>
  withStore(async (store) => {
    const { key, record } = addQueue(store);
    const { recipientId } = record;
    const times = [50, 10, 40, 10, 30];
    const seqs = times.map((time) => addMessage(store, key, { time }).seq);
    await store.flush();
    const old = (index: number) => ({ key, recipientId, seq: seqs[index] });
    assert.deepEqual(store.oldMessages(41, 10), [1, 3, 4, 2].map(old));
    assert.deepEqual(store.oldMessages(41, 2), [1, 3].map(old));
    assert.deepEqual(store.oldMessages(40, 10), [1, 3, 4].map(old));
    assert.deepEqual(store.oldMessages(10, 10), []);
  }));

Deno.test("counts follow what is stored", () =>
  withStore(async (store) => {
    assert.deepEqual(store.counts(), {
      ...NO_SERVICES,
      queues: 0,
      notifiers: 0,
      messages: 0,
      notifications: 0,
    });
    const { key } = addQueue(store, fullRecord());
    addQueue(store);
    const { seq } = addMessage(store, key);
    addMessage(store, key);
    await store.flush();
    assert.deepEqual(store.counts(), {
      ...NO_SERVICES,
      recipientServiceQueues: 1,
      notifierServiceQueues: 1,
      queues: 2,
      notifiers: 1,
      messages: 2,
      notifications: 0,
    });
    store.write({ type: "deleteMessages", seqs: [seq] });
    await store.flush();
    assert.deepEqual(store.counts(), {
      ...NO_SERVICES,
      recipientServiceQueues: 1,
      notifierServiceQueues: 1,
      queues: 2,
      notifiers: 1,
      messages: 1,
      notifications: 0,
    });
  }));

Deno.test("a body may be changed by its owner once write has returned", () =>
  withStore(async (store) => {
    const { key } = addQueue(store);
    const body = random(16_000);
    const original = body.slice();
    const { seq } = addMessage(store, key, { body });
    body.fill(0);
    await store.flush();
    assert.deepEqual(store.messageBody(seq), original);
  }));

Deno.test("keys and seqs of deleted things are not used again after a restart", async () => {
  const dir = Deno.makeTempDirSync();
  const used: { key: number; seq: number }[] = [];
  for (let i = 0; i < 3; i++) {
    await using store = await openSqliteStore({ dir });
    const { key, record } = addQueue(store);
    const { seq } = addMessage(store, key);
    await store.flush();
    const last = used.at(-1);
    if (last) assert(key > last.key && seq > last.seq);
    used.push({ key, seq });
    assert.equal(store.findQueue("sender", record.senderId)?.key, key);
    store.write({ type: "deleteQueue", key });
  }
  Deno.removeSync(dir, { recursive: true });
});
