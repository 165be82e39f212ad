/**
 * A data directory with many queues and messages, for measuring the start.
 *
 * @module
 */

import { authKeyFromRaw, randomBytes } from "../relay/crypto/mod.ts";
import { openSqliteStore } from "../relay/store/mod.ts";
import { MESSAGE_SIZE } from "./clients.ts";

/** Makes `queues` queues and `messages` messages spread over them. */
export async function fillStore(
  directory: string,
  { queues, messages }: { queues: number; messages: number },
): Promise<void> {
  const store = await openSqliteStore({ dir: directory });
  const key = authKeyFromRaw("ed25519", randomBytes(32)).spki;
  const keys: number[] = [];
  for (let i = 0; i < queues; i++) {
    keys.push(store.nextQueueKey());
    store.write({
      type: "addQueue",
      key: keys[i],
      record: {
        recipientId: randomBytes(24),
        senderId: randomBytes(24),
        recipientKeys: [key],
        recipientDhSecret: randomBytes(32),
        senderKey: key,
        mode: "M",
        status: { type: "active" },
        updatedDay: 20_000,
      },
    });
    if (i % 2000 === 0) await store.flush();
  }
  const now = Math.floor(Date.now() / 1000);
  for (let i = 0; i < messages; i++) {
    store.write({
      type: "addMessage",
      key: keys[Math.floor(i * queues / messages)],
      meta: {
        seq: store.nextSeq(),
        id: randomBytes(24),
        time: now,
        notification: false,
        quota: false,
      },
      body: new Uint8Array(MESSAGE_SIZE),
    });
    if (i % 200 === 0) await store.flush();
  }
  await store.stop();
}
