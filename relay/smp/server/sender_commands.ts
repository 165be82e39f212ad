/**
 * Commands of a queue's sender and of those who follow a short link
 * (simplexmq 6.5.5, `processCommand` in `Simplex.Messaging.Server`).
 *
 * @module
 */

import { type AuthKey, randomBytes } from "../../crypto/mod.ts";
import { equalBytes } from "../../wire/mod.ts";
import type { Command } from "../commands.ts";
import {
  isContactQueue,
  isSecuredMessageQueue,
  type Queue,
} from "../queues/mod.ts";
import { maxMessageLength } from "../versions.ts";
import { type Answer, ok, refuse, type SmpContext } from "./context.ts";
import { ID_LENGTH } from "./create_queue.ts";

/** Commands that this module executes. */
export type SenderCommand = Extract<
  Command,
  { tag: "SKEY" | "SEND" | "LKEY" | "LGET" }
>;

/** Executes an authorised command on `queue`. */
export function executeSenderCommand(
  context: SmpContext,
  { queue, command, version }: {
    queue: Queue;
    command: SenderCommand;
    version: number;
  },
): Answer {
  switch (command.tag) {
    case "SEND":
      return sendMessage(context, queue, {
        notification: command.notification,
        body: command.body,
        maxLength: maxMessageLength(version),
      });
    case "SKEY":
      if (queue.record.mode !== "M") return refuse("AUTH");
      return secureQueue(context, queue, command.key);
    case "LKEY": {
      if (queue.record.mode !== "M") return refuse("AUTH");
      const secured = secureQueue(context, queue, command.key);
      return secured.message.tag === "OK"
        ? { ...linkData(queue), group: secured.group }
        : secured;
    }
    case "LGET":
      return isContactQueue(queue.record) ? linkData(queue) : refuse("AUTH");
  }
}

/** Gives the queue its sender's key; the same key again is `OK`. */
export function secureQueue(
  { table, counters }: SmpContext,
  queue: Queue,
  key: AuthKey,
): Answer {
  const { senderKey } = queue.record;
  if (senderKey !== undefined) {
    if (!equalBytes(senderKey, key.spki)) return refuse("AUTH");
    counters.add("qSecured");
    // The write that secured it may still be under way.
    return ok(queue.lastWrite);
  }
  counters.add("qSecured");
  return ok(
    table.update(queue, { ...queue.record, senderKey: key.spki.slice() }),
  );
}

function linkData({ record }: Queue): Answer {
  if (record.link === undefined) return refuse("AUTH");
  return {
    message: {
      tag: "LNK",
      senderId: record.senderId,
      data: { fixed: record.link.fixed, user: record.link.user },
    },
  };
}

/**
 * Whatever keeps a message from being stored, to its sender it is as if the
 * queue were full: apps try again later then. After `STORE` they give the
 * message up.
 */
const tryLater = refuse("QUOTA");

function sendMessage(
  context: SmpContext,
  queue: Queue,
  { notification, body, maxLength }: {
    notification: boolean;
    body: Uint8Array;
    maxLength: number;
  },
): Answer {
  const { table, delivery, counters, statistics, options } = context;
  if (body.length > maxLength) {
    counters.add("msgSentLarge");
    return refuse("LARGE_MSG");
  }
  const { status } = queue.record;
  if (status.type === "off") {
    counters.add("msgSentAuth");
    return refuse("AUTH");
  }
  if (status.type === "blocked") {
    counters.add("msgSentBlock");
    return {
      message: { tag: "ERR", error: { type: "BLOCKED", info: status.info } },
    };
  }
  if (!context.store.hasRoom || !context.limits.takesMessage) {
    counters.add("msgSentQuota");
    return tryLater;
  }
  // The link of a 1-time invitation is of no use after the first message.
  if (queue.record.link !== undefined && isSecuredMessageQueue(queue.record)) {
    table.update(queue, { ...queue.record, link: undefined });
  }
  const time = Math.floor(context.now() / 1000);
  if (options.expireOnSend && options.messageTtlSeconds !== undefined) {
    const expired = table.removeOld(queue, time - options.messageTtlSeconds);
    if (expired > 0) counters.add("msgExpired", expired);
  }
  const { stored, group } = table.append(
    queue,
    { id: randomBytes(ID_LENGTH), time, notification },
    body,
  );
  if (group !== undefined) delivery.messageStored(queue, group);
  if (stored === undefined) {
    counters.add("msgSentQuota");
    return { ...tryLater, group };
  }
  if (notification) context.notifications.messageStored(queue, stored);
  statistics.messageSent(queue.record.recipientId, notification);
  return { ...ok(group), failed: () => tryLater.message };
}
