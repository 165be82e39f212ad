import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { openSqliteStore, type Store, STORE_FILE } from "./mod.ts";
import { addMessage, addQueue, random } from "./testing/records.ts";

/**
 * Names of the files in which `bytes` occur. Copies are searched: opening a
 * file that SQLite has open in this process would drop SQLite's locks.
 */
async function filesWith(dir: string, bytes: Uint8Array): Promise<string[]> {
  const needle = Buffer.from(bytes);
  const copy = Deno.makeTempDirSync();
  const { success } = await new Deno.Command("cp", {
    args: ["-r", dir, join(copy, "files")],
  }).output();
  assert(success);
  const names = [...Deno.readDirSync(join(copy, "files"))]
    .map(({ name }) => name)
    .filter((name) =>
      Buffer.from(Deno.readFileSync(join(copy, "files", name))).includes(needle)
    );
  Deno.removeSync(copy, { recursive: true });
  return names.sort();
}

/** Waits until the writer has emptied the WAL. */
async function walEmptied(dir: string): Promise<void> {
  const wal = join(dir, `${STORE_FILE}-wal`);
  for (let i = 0; Deno.statSync(wal).size > 0; i++) {
    assert(i < 500, "The WAL was not emptied.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Adds a queue and messages that hold `secrets`, among others that stay. */
function fill(store: Store, secrets: readonly Uint8Array[]) {
  const [dhSecret, notifierKey, linkData, long, short] = secrets;
  const other = addQueue(store);
  const queue = addQueue(store, {
    recipientDhSecret: dhSecret,
    notifier: { id: random(24), key: notifierKey, dhSecret: random(32) },
    link: { id: random(24), fixed: random(9000), user: linkData },
  });
  const seqs: number[] = [];
  for (let i = 0; i < 40; i++) {
    addMessage(store, other.key, { body: random(16_000) });
    const body = new Uint8Array(16_000);
    body.set(long, i * 390);
    seqs.push(addMessage(store, queue.key, { body }).seq);
    seqs.push(addMessage(store, queue.key, { body: short }).seq);
  }
  return { key: queue.key, seqs };
}

for (const way of ["messages, then the queue", "the queue"] as const) {
  Deno.test(`nothing is left of what was deleted: ${way}`, async () => {
    const dir = Deno.makeTempDirSync();
    const secrets = Array.from({ length: 5 }, () => random(32));
    {
      await using store = await openSqliteStore({ dir, idleMs: 20 });
      const { key, seqs } = fill(store, secrets);
      await store.flush();
      await walEmptied(dir);
      for (const secret of secrets) {
        assert.deepEqual(await filesWith(dir, secret), [STORE_FILE]);
      }
      if (way !== "the queue") {
        for (const seq of seqs) {
          store.write({ type: "deleteMessages", seqs: [seq] });
          if (seq % 10 === 0) await store.flush();
        }
      }
      store.write({ type: "deleteQueue", key });
      await store.flush();
      await walEmptied(dir);
      for (const secret of secrets) {
        assert.deepEqual(await filesWith(dir, secret), []);
      }
      assert.equal(store.counts().messages, 40);
    }
    for (const secret of secrets) {
      assert.deepEqual(await filesWith(dir, secret), []);
    }
    Deno.removeSync(dir, { recursive: true });
  });
}

Deno.test("a busy store empties its WAL too", async () => {
  const dir = Deno.makeTempDirSync();
  const secret = random(32);
  {
    await using store = await openSqliteStore({
      dir,
      idleMs: 3_600_000,
      truncateMs: 0,
      checkpointBytes: 200_000,
    });
    const { key } = addQueue(store);
    const { seq } = addMessage(store, key, { body: secret });
    await store.flush();
    assert.deepEqual(await filesWith(dir, secret), [`${STORE_FILE}-wal`]);
    store.write({ type: "deleteMessages", seqs: [seq] });
    for (let i = 0; i < 20; i++) {
      addMessage(store, key, { body: random(16_000) });
      await store.flush();
    }
    assert.deepEqual(await filesWith(dir, secret), []);
  }
  Deno.removeSync(dir, { recursive: true });
});
