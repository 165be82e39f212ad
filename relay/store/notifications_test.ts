import assert from "node:assert/strict";
import { openSqliteStore, type ServiceRecord, type Store } from "./mod.ts";
import { addQueue, random } from "./testing/records.ts";

/** Runs `test` with a store, then `later` with the same one opened again. */
async function withStore(
  test: (store: Store) => Promise<void>,
  later: (store: Store) => void = () => {},
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    {
      await using store = await openSqliteStore({ dir });
      await test(store);
    }
    await using store = await openSqliteStore({ dir });
    later(store);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

function notify(store: Store, key: number, time = 1000, keep = 100) {
  const notification = { seq: store.nextSeq(), messageId: random(24), time };
  store.write({ type: "addNotification", key, notification, keep });
  return notification;
}

function service(fields: Partial<ServiceRecord> = {}): ServiceRecord {
  return {
    id: random(24),
    role: "N",
    certificateHash: random(32),
    certificates: [random(300), random(400)],
    createdDay: 20_000,
    ...fields,
  };
}

function withNotifier(store: Store, serviceId?: Uint8Array) {
  return addQueue(store, {
    notifier: {
      id: random(24),
      key: random(44),
      dhSecret: random(32),
      ...(serviceId && { serviceId }),
    },
  });
}

Deno.test("notifications of a queue are kept in order, also over a restart", async () => {
  let check = (_: Store) => {};
  await withStore(async (store) => {
    const a = addQueue(store);
    const b = addQueue(store);
    const first = notify(store, a.key);
    const other = notify(store, b.key);
    const second = notify(store, a.key, 2000);
    await store.flush();
    check = (store) => {
      assert.deepEqual(store.notifications(a.key), [first, second]);
      assert.deepEqual(store.notifications(b.key), [other]);
      assert.equal(store.counts().notifications, 3);
    };
    check(store);
  }, (store) => check(store));
});

Deno.test("of too many notifications the oldest go", () =>
  withStore(async (store) => {
    const a = addQueue(store);
    const b = addQueue(store);
    const other = notify(store, b.key);
    const all = Array.from({ length: 7 }, () => notify(store, a.key, 1, 3));
    await store.flush();
    assert.deepEqual(store.notifications(a.key), all.slice(-3));
    assert.deepEqual(store.notifications(b.key), [other]);
  }));

Deno.test("notifications go up to a place, all of a queue, and with the queue", () =>
  withStore(async (store) => {
    const [a, b, c] = [addQueue(store), addQueue(store), addQueue(store)];
    const all = Array.from({ length: 3 }, () => notify(store, a.key));
    notify(store, b.key);
    notify(store, c.key);
    store.write({
      type: "deleteNotifications",
      key: a.key,
      upTo: all[1].seq,
    });
    store.write({ type: "deleteNotifications", key: b.key });
    store.write({ type: "deleteQueue", key: c.key });
    await store.flush();
    assert.deepEqual(store.notifications(a.key), all.slice(2));
    assert.equal(store.counts().notifications, 1);
  }));

Deno.test("old notifications expire", () =>
  withStore(async (store) => {
    const { key } = addQueue(store);
    notify(store, key, 10);
    const young = notify(store, key, 30);
    const last = notify(store, key, 20);
    store.write({ type: "expireNotifications", upTo: last.seq, before: 25 });
    await store.flush();
    assert.deepEqual(store.notifications(key), [young]);
  }));

Deno.test("notifications of all queues are read in parts, with the service", () =>
  withStore(async (store) => {
    const { id } = service();
    const a = withNotifier(store, id);
    const b = withNotifier(store);
    const all = [a, b, a].map(({ key, record }, i) => ({
      seq: notify(store, key, i).seq,
      time: i,
      recipientId: record.recipientId,
      serviceId: record.notifier?.serviceId,
    }));
    await store.flush();
    assert.deepEqual(store.notificationsAfter(0, 10), all);
    assert.deepEqual(store.notificationsAfter(0, 2), all.slice(0, 2));
    assert.deepEqual(store.notificationsAfter(all[1].seq, 2), all.slice(2));
  }));

Deno.test("services are found by ID and certificate, and their queues counted", async () => {
  const record = service();
  const check = (store: Store) => {
    assert.deepEqual(store.findService("id", record.id), record);
    assert.deepEqual(
      store.findService("certificate", record.certificateHash),
      record,
    );
    assert.equal(store.findService("id", record.certificateHash), undefined);
    assert.equal(store.serviceQueues("notifier", record.id), 2);
    assert.equal(store.serviceQueues("recipient", record.id), 1);
    assert.equal(store.serviceQueues("notifier", random(24)), 0);
  };
  await withStore(async (store) => {
    store.write({ type: "addService", service: record });
    withNotifier(store, record.id);
    withNotifier(store, record.id);
    withNotifier(store);
    addQueue(store, { recipientServiceId: record.id });
    await store.flush();
    check(store);
  }, check);
});

Deno.test("a certificate belongs to one service", () =>
  withStore(async (store) => {
    const record = service();
    store.write({ type: "addService", service: record });
    await store.flush();
    await assert.rejects(
      store.write({
        type: "addService",
        service: service({ certificateHash: record.certificateHash }),
      }).committed,
    );
  }));
