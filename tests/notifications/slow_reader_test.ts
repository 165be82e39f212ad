import assert from "node:assert/strict";
import { generateAuthKeyPair } from "../../relay/crypto/mod.ts";
import { openSqliteStore } from "../../relay/store/mod.ts";
import { addQueue, random } from "../../relay/store/testing/records.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { TestRelay } from "../server/harness.ts";
import { PausedConnection } from "../server/paused_connection.ts";
import { SOON } from "./notifier.ts";

const QUEUES = 200;
/** More in all than the buffers of the kernel take. */
const NOTIFICATIONS = 256;

/** Queues with pending notifications, straight into the relay's store. */
async function fill(dir: string) {
  const { publicKey, privateKey } = generateAuthKeyPair("ed25519");
  await using store = await openSqliteStore({ dir });
  const ids: Uint8Array[] = [];
  const time = Math.floor(Date.now() / 1000);
  for (let i = 0; i < QUEUES; i++) {
    const id = random(24);
    ids.push(id);
    const { key } = addQueue(store, {
      notifier: { id, key: publicKey.spki, dhSecret: random(32) },
    });
    for (let j = 0; j < NOTIFICATIONS; j++) {
      const notification = {
        seq: store.nextSeq(),
        messageId: random(24),
        time,
      };
      store.write({ type: "addNotification", key, notification, keep: 1000 });
    }
    await store.flush();
  }
  return { ids, key: privateKey };
}

Deno.test("notifications for a client that does not read wait until it does", async () => {
  const directory = await Deno.makeTempDir();
  const { ids, key } = await fill(directory);
  await using relay = await TestRelay.start({
    directory,
    set: [...SOON, "limits.output_per_connection=32KB"],
  });
  const pending = () => relay.relay.counts().notifications;
  assert.equal(pending(), QUEUES * NOTIFICATIONS);
  let paused: PausedConnection | undefined;
  const wrap = (inner: Connection) => paused = new PausedConnection(inner);
  await using client = await relay.connect({ wrap });
  assert.ok(paused !== undefined);
  for (const id of ids) {
    const answer = await client.send({ tag: "NSUB" }, { entityId: id, key });
    assert.equal(answer.tag, "SOK");
  }
  paused.pause();
  // Wait until it takes nothing more.
  let before = Infinity;
  while (pending() < before) {
    before = pending();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const held = pending();
  assert.ok(held > 0, "all was sent to a client that does not read");
  assert.ok(client.smp.open);
  paused.resume();
  const counts = new Map<string, number>();
  for (let i = 0; i < QUEUES * NOTIFICATIONS; i++) {
    const { entityId, message } = await client.event();
    assert.equal(message.tag, "NMSG");
    const name = entityId.toHex();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.deepEqual([...new Set(counts.values())], [NOTIFICATIONS]);
  assert.equal(counts.size, QUEUES);
  await relay.until(({ notifications }) => notifications === 0);
  assert.deepEqual(client.unread, []);
});
