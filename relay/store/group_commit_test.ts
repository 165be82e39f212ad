import assert from "node:assert/strict";
import type { Store, StoreError } from "./mod.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./mod.ts";
import {
  addMessage,
  addQueue,
  bodyOf,
  queueRecord,
} from "./testing/records.ts";

/** Runs `test` with a store in a folder that is removed afterwards. */
async function withStore(
  options: Omit<SqliteStoreOptions, "dir">,
  test: (store: Store) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await using store = await openSqliteStore({ dir, ...options });
    await test(store);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Collects what `onFailure` is told. */
function failuresOf(store: Store): StoreError[] {
  const failures: StoreError[] = [];
  store.onFailure = (error) => failures.push(error);
  return failures;
}

Deno.test("changes gather while a group is on its way to the disk", () =>
  withStore({ fsyncDelay: 30 }, async (store) => {
    const { key } = addQueue(store);
    const first = store.write({ type: "touchQueue", key, updatedDay: 1 });
    // The same turn: the same group. It leaves when the turn is over.
    assert.equal(
      store.write({ type: "touchQueue", key, updatedDay: 2 }),
      first,
    );
    await Promise.resolve();
    const second = store.write({ type: "touchQueue", key, updatedDay: 3 });
    assert.notEqual(second, first);
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(
      store.write({ type: "touchQueue", key, updatedDay: 4 }),
      second,
    );
    assert(!first.durable && !second.durable);
    await first.committed;
    assert(first.durable && !second.durable);
    await second.committed;
    assert(second.durable);
  }));

Deno.test("reads see a group when it has committed, and not before", () =>
  withStore({}, async (store) => {
    const { record } = addQueue(store);
    assert.equal(store.findQueue("sender", record.senderId), undefined);
    const group = store.write({ type: "deleteMessages", seqs: [] });
    await group.committed;
    assert(store.findQueue("sender", record.senderId));
  }));

Deno.test("a group that fails keeps nothing and takes the next one along", () =>
  withStore({ fsyncDelay: 20 }, async (store) => {
    const failures = failuresOf(store);
    const kept = addQueue(store);
    const message = addMessage(store, kept.key);
    await store.flush();

    const lost = addQueue(store);
    store.write({ type: "deleteMessages", seqs: [message.seq] });
    const failing = store.write({
      type: "addQueue",
      key: store.nextQueueKey(),
      record: queueRecord({ senderId: kept.record.senderId }),
    });
    await Promise.resolve();
    const behind = addQueue(store);
    const behindGroup = store.write({
      type: "touchQueue",
      key: behind.key,
      updatedDay: 1,
    });
    assert.notEqual(behindGroup, failing);

    const error = await failing.committed.then(() => undefined, (e) => e);
    assert.equal(failures.length, 1);
    assert.equal(error, failures[0]);
    assert.equal(error.kind, "io");
    assert(error.cause instanceof Error);
    assert.match(error.cause.message, /UNIQUE constraint failed/);
    await assert.rejects(behindGroup.committed, (e) => e === error);
    assert(!failing.durable && !behindGroup.durable);
    for (const { record } of [lost, behind]) {
      assert.equal(store.findQueue("sender", record.senderId), undefined);
    }
    assert.deepEqual(store.messages(kept.key), [message]);

    const later = addQueue(store);
    await store.flush();
    assert(store.findQueue("sender", later.record.senderId));
    assert.equal(failures.length, 1);
  }));

Deno.test("nobody needs to wait for a group that fails", () =>
  withStore({}, async (store) => {
    const failures = failuresOf(store);
    const { record } = addQueue(store);
    await store.flush();
    addQueue(store, { senderId: record.senderId });
    // `flush` would wait for it. An unhandled rejection fails this test.
    for (let i = 0; failures.length === 0; i++) {
      assert(i < 500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(failures.length, 1);
  }));

Deno.test("a full disk fails groups until there is room again", () =>
  withStore({ maxBytes: 1024 * 1024 }, async (store) => {
    const failures = failuresOf(store);
    const { key } = addQueue(store);
    await store.flush();
    const seqs: number[] = [];
    while (failures.length === 0 && seqs.length < 1000) {
      const { seq } = addMessage(store, key, { body: bodyOf(seqs.length) });
      await store.flush();
      if (failures.length === 0) seqs.push(seq);
    }
    assert.equal(failures[0]?.kind, "full");
    assert.match(failures[0].message, /disk is full/);
    assert(seqs.length > 30);
    assert.deepEqual(store.messages(key).map(({ seq }) => seq), seqs);

    store.write({ type: "deleteMessages", seqs: seqs.slice(0, 2) });
    await store.flush();
    const { seq } = addMessage(store, key, { body: bodyOf(1) });
    await store.flush();
    assert.equal(failures.length, 1);
    assert.deepEqual(store.messageBody(seq), bodyOf(1));
  }));

Deno.test("a slow disk does not hold up the serving thread", () =>
  withStore({ fsyncDelay: 400 }, async (store) => {
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }, 5);
    const started = performance.now();
    const { key } = addQueue(store);
    for (let i = 0; i < 20; i++) addMessage(store, key, { body: bodyOf(i) });
    assert(performance.now() - started < 200);
    await store.flush();
    clearInterval(timer);
    assert(performance.now() - started >= 400);
    assert(worst < 200, `The event loop stood still for ${worst} ms.`);
  }));

Deno.test("stop writes what is gathering; later changes fail", async () => {
  const dir = Deno.makeTempDirSync();
  const store = await openSqliteStore({ dir });
  const { record } = addQueue(store);
  const stopping = store.stop();
  assert.equal(store.stop(), stopping);
  await stopping;
  const late = store.write({ type: "deleteMessages", seqs: [] });
  await assert.rejects(late.committed, { name: "StoreError", kind: "io" });
  await store.flush();
  {
    await using again = await openSqliteStore({ dir });
    assert(again.findQueue("sender", record.senderId));
  }
  Deno.removeSync(dir, { recursive: true });
});
