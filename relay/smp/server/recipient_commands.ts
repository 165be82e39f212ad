/**
 * Commands of a queue's recipient (simplexmq 6.5.5, `processCommand` in
 * `Simplex.Messaging.Server`).
 *
 * @module
 */

import { randomBytes } from "../../crypto/mod.ts";
import type { Counters } from "../../stats/mod.ts";
import type { QueueRecord } from "../../store/store.ts";
import { equalBytes, toBase64 } from "../../wire/mod.ts";
import type { Command, LinkData } from "../commands.ts";
import type { QueueInfo } from "../messages.ts";
import { isSecuredMessageQueue, type Queue } from "../queues/mod.ts";
import {
  type Answer,
  ok,
  prohibited,
  refuse,
  type SmpContext,
} from "./context.ts";
import { ID_LENGTH, makeNotifier } from "./create_queue.ts";
import type { Subscriber, Subscription } from "./delivery.ts";
import { forgetNotifier } from "./notifier_commands.ts";
import { secureQueue } from "./sender_commands.ts";
import type { ClientService } from "./services.ts";

/** Commands that this module executes. */
export type RecipientCommand = Extract<
  Command,
  {
    tag:
      | "SUB"
      | "GET"
      | "ACK"
      | "KEY"
      | "RKEY"
      | "LSET"
      | "LDEL"
      | "NKEY"
      | "NDEL"
      | "OFF"
      | "DEL"
      | "QUE";
  }
>;

/** Executes an authorised command on `queue`. */
export function executeRecipientCommand(
  context: SmpContext,
  session: Subscriber,
  { queue, command, service }: {
    queue: Queue;
    command: RecipientCommand;
    service?: ClientService;
  },
): Answer {
  switch (command.tag) {
    case "SUB":
      return subscribe(context, session, { queue, service });
    case "GET":
      return getMessage(context, session, queue);
    case "ACK":
      return acknowledge(context, session, {
        queue,
        messageId: command.messageId,
      });
    case "KEY":
      return secureQueue(context, queue, command.key);
    case "RKEY":
      if (queue.record.mode !== "C") return refuse("AUTH");
      return change(context, queue, {
        recipientKeys: command.keys.map((key) => key.spki.slice()),
      });
    case "LSET":
      return setLink(context, queue, command);
    case "LDEL":
      // What removed it may still be on its way to the disk.
      if (queue.record.link === undefined) return ok(queue.lastWrite);
      return change(context, queue, { link: undefined });
    case "NKEY":
      return addNotifier(context, session, { queue, command });
    case "NDEL":
      if (queue.record.notifier === undefined) return ok(queue.lastWrite);
      context.counters.add("ntfDeleted");
      forgetNotifier(context, queue, session);
      return change(context, queue, { notifier: undefined });
    case "OFF":
      return change(context, queue, { status: { type: "off" } });
    case "DEL":
      return deleteQueue(context, session, queue);
    case "QUE":
      return {
        message: { tag: "INFO", info: queueInfo(context, session, queue) },
      };
  }
}

function change(
  context: SmpContext,
  queue: Queue,
  fields: Partial<QueueRecord>,
): Answer {
  return ok(context.table.update(queue, { ...queue.record, ...fields }));
}

function subscribe(
  { delivery, recipientServices, counters }: SmpContext,
  session: Subscriber,
  { queue, service }: { queue: Queue; service: ClientService | undefined },
): Answer {
  let subscription = session.subscriptions.get(queue.name);
  if (subscription?.kind === "polled") {
    counters.add("qSubProhibited");
    return prohibited;
  }
  const again = subscription !== undefined;
  if (subscription === undefined) {
    subscription = delivery.subscribe(session, queue);
    const { recipientServiceId, recipientId } = queue.record;
    recipientServices.queueEnded(recipientServiceId, {
      by: session,
      entityId: recipientId,
      tag: "END",
    });
  } else {
    subscription.delivered = undefined;
    counters.add("qSubDuplicate");
  }
  const message: Answer["message"] = { tag: "SOK", serviceId: service?.id };
  // A client that subscribes thousands of queues at once gets their messages
  // as fast as it reads, not all of them into memory here.
  if (!session.hasRoom) {
    session.stalled.add(queue.name);
    return { message };
  }
  const first = delivery.takeFirst(queue, subscription);
  if (first !== undefined && !again) counters.add("qSub");
  return {
    message,
    event: first && {
      correlationId: new Uint8Array(),
      entityId: queue.record.recipientId,
      message: first,
    },
  };
}

function getMessage(
  { delivery, counters }: SmpContext,
  session: Subscriber,
  queue: Queue,
): Answer {
  let subscription = session.subscriptions.get(queue.name);
  if (subscription?.kind === "subscribed") {
    counters.add("msgGetProhibited");
    return prohibited;
  }
  if (subscription === undefined) {
    subscription = {
      session,
      kind: "polled",
      delivered: undefined,
      deliveredAt: 0,
    };
    session.subscriptions.set(queue.name, subscription);
  }
  const again = subscription.delivered !== undefined;
  subscription.delivered = undefined;
  const message = delivery.takeFirst(queue, subscription);
  if (message === undefined) {
    counters.add("msgGetNoMsg");
    return ok();
  }
  counters.add(again ? "msgGetDuplicate" : "msgGet");
  return { message };
}

function acknowledge(
  context: SmpContext,
  session: Subscriber,
  { queue, messageId }: { queue: Queue; messageId: Uint8Array },
): Answer {
  const { table, delivery, statistics } = context;
  const subscription = session.subscriptions.get(queue.name);
  if (!takeDelivered(subscription, messageId)) return refuse("NO_MSG");
  const first = table.messages(queue)[0];
  // Removed by another session or expired, it may not be so on disk yet.
  let group = queue.lastWrite;
  // The first message is another one when the delivered one expired meanwhile.
  // No ID is nobody's ID: the message is delivered again, as by the reference.
  if (first !== undefined && equalBytes(first.meta.id, messageId)) {
    group = table.removeFirst(queue, 1);
    if (!first.meta.quota) {
      const waited = performance.now() - subscription.deliveredAt;
      statistics.messageReceived(queue.record.recipientId, {
        notification: first.meta.notification,
        polled: subscription.kind === "polled",
        seconds: Math.floor(waited / 1000),
      });
    }
  }
  if (subscription.kind === "polled") return ok(group);
  const next = delivery.takeFirst(queue, subscription);
  if (next === undefined) return ok(group);
  const { delivered } = subscription;
  return {
    message: next,
    group,
    failed: (error) => {
      // The client did not get it: with the next message the queue goes on.
      if (subscription.delivered === delivered) {
        subscription.delivered = undefined;
      }
      return { tag: "ERR", error };
    },
  };
}

function takeDelivered(
  subscription: Subscription | undefined,
  messageId: Uint8Array,
): subscription is Subscription {
  if (subscription?.delivered === undefined) return false;
  if (messageId.length > 0 && !equalBytes(subscription.delivered, messageId)) {
    return false;
  }
  subscription.delivered = undefined;
  return true;
}

function setLink(
  context: SmpContext,
  queue: Queue,
  { linkId, data }: { linkId: Uint8Array; data: LinkData },
): Answer {
  const { link } = queue.record;
  if (isSecuredMessageQueue(queue.record)) return refuse("AUTH");
  // Neither the ID nor the fixed part of a link ever changes.
  if (
    link !== undefined &&
    (!equalBytes(link.id, linkId) || !equalBytes(link.fixed, data.fixed))
  ) return refuse("AUTH");
  if (link === undefined && context.table.linkTaken(queue, linkId)) {
    return refuse("AUTH");
  }
  return change(context, queue, {
    link: {
      id: linkId.slice(),
      fixed: data.fixed.slice(),
      user: data.user.slice(),
    },
  });
}

function addNotifier(
  context: SmpContext,
  session: Subscriber,
  { queue, command }: {
    queue: Queue;
    command: Extract<Command, { tag: "NKEY" }>;
  },
): Answer {
  const made = makeNotifier(command.request);
  if (made === null) return refuse("CRYPTO");
  const { record, relayDhKey } = made;
  const id = randomBytes(ID_LENGTH);
  forgetNotifier(context, queue, session);
  const { group } = change(context, queue, { notifier: { ...record, id } });
  context.counters.add("ntfCreated");
  return { message: { tag: "NID", notifierId: id, relayDhKey }, group };
}

function deleteQueue(
  context: SmpContext,
  session: Subscriber,
  queue: Queue,
): Answer {
  const { table, delivery, recipientServices } = context;
  const { recipientServiceId, recipientId } = queue.record;
  countDeleted(context.counters, queue);
  delivery.queueDeleted(session, queue);
  recipientServices.queueEnded(recipientServiceId, {
    by: session,
    entityId: recipientId,
    tag: "DELD",
  });
  forgetNotifier(context, queue, session);
  return ok(table.delete(queue));
}

/** Counts a queue that is being deleted. */
export function countDeleted(counters: Counters, { record }: Queue): void {
  counters.add(
    record.senderKey === undefined ? "qDeletedNew" : "qDeletedSecured",
  );
  counters.add("qDeletedAll");
}

function queueInfo(
  { table }: SmpContext,
  session: Subscriber,
  queue: Queue,
): QueueInfo {
  const messages = table.messages(queue);
  const subscription = session.subscriptions.get(queue.name);
  const first = messages[0]?.meta;
  return {
    secured: queue.record.senderKey !== undefined,
    notifier: queue.record.notifier !== undefined,
    subscription: subscription && {
      state: subscription.kind === "polled"
        ? "prohibitSub"
        : session.stalled.has(queue.name)
        ? "subPending"
        : "noSub",
      delivered: subscription.delivered && toBase64(subscription.delivered),
    },
    size: messages.length,
    message: first && {
      id: toBase64(first.id),
      time: first.time,
      type: first.quota ? "quota" : "message",
    },
  };
}
