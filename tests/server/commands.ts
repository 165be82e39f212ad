/**
 * What the tests of the server say over and over: commands of a recipient,
 * and what came back in one word.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type AuthAlgorithm,
  type AuthKeyPair,
  generateAuthKeyPair,
  type PrivateAuthKey,
} from "../../relay/crypto/mod.ts";
import type { Command, Message } from "../../relay/smp/mod.ts";
import {
  createQueue,
  sendText,
  type TestClient,
  type TestQueue,
} from "./harness.ts";

/** A response in words: `OK`, `MSG`, `ERR AUTH`, `ERR CMD SYNTAX`. */
export function words(message: Message): string {
  if (message.tag !== "ERR") return message.tag;
  const { error } = message;
  return error.type === "CMD" ? `ERR CMD ${error.reason}` : `ERR ${error.type}`;
}

/** A command of the queue's recipient. */
export function asRecipient(
  client: TestClient,
  queue: TestQueue,
  command: Command,
): Promise<Message> {
  return client.send(command, { entityId: queue.entityId, key: queue.key });
}

/** The same, and what came back in words. */
export async function recipientSays(
  client: TestClient,
  queue: TestQueue,
  command: Command,
): Promise<string> {
  return words(await asRecipient(client, queue, command));
}

/** `SEND` and what came back in words. */
export async function sends(
  client: TestClient,
  text: string,
  to: { readonly senderId: Uint8Array; readonly key?: PrivateAuthKey },
): Promise<string> {
  return words(await sendText(client, text, to));
}

/** `PING`: what the relay pushed before its answer has arrived with it. */
export async function nothingUnread(client: TestClient): Promise<void> {
  assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  const tags = client.unread.map(({ message }) => message.tag);
  assert.deepEqual(tags, []);
}

/** A received message. */
export interface Delivery {
  readonly id: Uint8Array;
  /** "QUOTA" for the marker of a full queue. */
  readonly text: string;
}

/** The message in a response or event. */
export function delivery(queue: TestQueue, message: Message): Delivery {
  assert.equal(message.tag, "MSG", words(message));
  return { id: message.messageId, text: queue.text(message) };
}

/** The next event, which is a message of the queue. */
export async function nextMessage(
  client: TestClient,
  queue: TestQueue,
): Promise<Delivery> {
  const { entityId, message } = await client.event();
  assert.deepEqual(entityId, queue.entityId);
  return delivery(queue, message);
}

/** `ACK`; the response is `OK` or the next message. */
export function acknowledge(
  client: TestClient,
  queue: TestQueue,
  messageId: Uint8Array,
): Promise<Message> {
  return asRecipient(client, queue, { tag: "ACK", messageId });
}

/** `SUB`, which must be right. */
export async function subscribe(
  client: TestClient,
  queue: TestQueue,
): Promise<void> {
  assert.equal(await recipientSays(client, queue, { tag: "SUB" }), "SOK");
}

/** A queue with its sender's key: as most queues are. */
export interface SecuredQueue {
  readonly queue: TestQueue;
  readonly sender: AuthKeyPair;
  /** Where to send. */
  readonly to: { readonly senderId: Uint8Array; readonly key: PrivateAuthKey };
}

/** `NEW`, then `KEY`. */
export async function createSecured(
  client: TestClient,
  { algorithm = "ed25519", senderAlgorithm = algorithm, subscribe = true }: {
    algorithm?: AuthAlgorithm;
    senderAlgorithm?: AuthAlgorithm;
    subscribe?: boolean;
  } = {},
): Promise<SecuredQueue> {
  const queue = await createQueue(client, { algorithm, subscribe });
  const sender = generateAuthKeyPair(senderAlgorithm);
  const secured = await asRecipient(client, queue, {
    tag: "KEY",
    key: sender.publicKey,
  });
  assert.equal(words(secured), "OK");
  const to = { senderId: queue.ids.senderId, key: sender.privateKey };
  return { queue, sender, to };
}

/** Blocks that may be under way at once: a client sends no more than it can. */
const WINDOW = 30;

/** Does something for each of many, a few at a time. */
export async function forMany<T, R>(
  all: readonly T[],
  action: (each: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < all.length; i += WINDOW) {
    results.push(
      ...await Promise.all(
        all.slice(i, i + WINDOW).map((each) => action(each)),
      ),
    );
  }
  return results;
}

/** Many queues that nobody is subscribed to. */
export function createQueues(
  client: TestClient,
  count: number,
): Promise<TestQueue[]> {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return forMany(numbers, () => createQueue(client, { subscribe: false }));
}
