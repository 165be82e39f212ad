/**
 * What the tests of notifications and services share: the notifier of a queue
 * and what it is told.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
} from "../../relay/crypto/mod.ts";
import type { Message, Received } from "../../relay/smp/mod.ts";
import {
  decryptNotificationMeta,
  type NotificationMeta,
} from "../../relay/smp/received_message.ts";
import { asRecipient, type SecuredQueue, words } from "../server/commands.ts";
import type { TestClient } from "../server/harness.ts";

/** Deliver quickly, and tell of lost subscriptions quickly. */
export const SOON = [
  "smp.notification_delivery_interval=50ms",
  "smp.end_delay=50ms",
];

/** The notifier of a queue. */
export interface Notifier {
  readonly id: Uint8Array;
  readonly key: PrivateAuthKey;
  /** What a notification says; fails if it is not for this queue. */
  meta(message: Message): NotificationMeta;
}

/** `NKEY`. */
export async function addNotifier(
  client: TestClient,
  { queue }: SecuredQueue,
): Promise<Notifier> {
  const keys = generateAuthKeyPair("ed25519");
  const dhKeys = generateX25519();
  const message = await asRecipient(client, queue, {
    tag: "NKEY",
    request: { authKey: keys.publicKey, dhKey: dhKeys.publicKey },
  });
  assert.equal(message.tag, "NID", words(message));
  const secret = dh(message.relayDhKey, dhKeys.privateKey);
  assert.ok(secret !== undefined);
  return {
    id: message.notifierId,
    key: keys.privateKey,
    meta: (message) => {
      assert.equal(message.tag, "NMSG", words(message));
      const { meta: box, nonce } = message;
      const meta = decryptNotificationMeta(box, { secret, nonce });
      assert.ok(meta !== undefined, "not encrypted for this queue");
      return meta;
    },
  };
}

/** `NSUB` and what came back. */
export function subscribeNotifier(
  client: TestClient,
  { id, key }: Notifier,
  options: { readonly signAsService?: boolean } = {},
): Promise<Message> {
  return client.send({ tag: "NSUB" }, { entityId: id, key, ...options });
}

/** `SEND` with the flag that asks for a notification. */
export async function sendNotified(
  client: TestClient,
  text: string,
  { to }: SecuredQueue,
): Promise<void> {
  const sent = await client.send({
    tag: "SEND",
    notification: true,
    body: new TextEncoder().encode(text),
  }, { entityId: to.senderId, key: to.key });
  assert.equal(words(sent), "OK");
}

/** The next event, in words, and of what. */
export async function nextEvent(
  client: TestClient,
): Promise<{ words: string; entityId: Uint8Array }> {
  const { message, entityId } = await client.event();
  const count = message.tag === "ENDS" ? ` ${message.count}` : "";
  return { words: words(message) + count, entityId };
}

/** The next event, which is a notification for this notifier. */
export async function nextNotification(
  client: TestClient,
  notifier: Notifier,
): Promise<NotificationMeta> {
  const { message, entityId }: Received = await client.event();
  assert.deepEqual(entityId, notifier.id, words(message));
  return notifier.meta(message);
}

/** Waits for two deliveries: whatever was to come has come. */
export async function quiet(...clients: TestClient[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  for (const client of clients) {
    assert.equal(words(await client.send({ tag: "PING" })), "PONG");
    const tags = client.unread.map(({ message }) => message.tag);
    assert.deepEqual(tags, []);
  }
}
