/**
 * Who is subscribed to which queue, and the delivery of messages to them.
 *
 * A queue has one active subscription. Its first message is delivered and
 * stays until it is acknowledged; only then the next one goes out.
 *
 * @module
 */

import { EMPTY } from "../../wire/mod.ts";
import type { MessageMeta, WriteGroup } from "../../store/store.ts";
import { StoreError } from "../../store/store.ts";
import type { Message } from "../messages.ts";
import { isDurable, type Queue, type QueueTable } from "../queues/mod.ts";
import {
  encryptReceivedMessage,
  RECEIVED_BODY_SIZE,
} from "../received_message.ts";
import type { EndEvents } from "./end_events.ts";

/** Something that goes to a client. */
export interface Outgoing {
  /** Empty for an event. */
  readonly correlationId: Uint8Array;
  readonly entityId: Uint8Array;
  readonly message: Message;
}

/** What delivery needs of a session. */
export interface Subscriber {
  /** Subscriptions of this session by recipient ID (`bytesKey`). */
  readonly subscriptions: Map<string, Subscription>;
  /** Queues whose message waits until the client reads what it was sent. */
  readonly stalled: Set<string>;
  /** Notifiers this session is subscribed to, by ID (`bytesKey`). */
  readonly notifiers: Set<string>;
  /** Keeps the queue's message back until there is room, and sees to it then. */
  stall(name: string): void;
  /** False while the client does not read fast enough. */
  readonly hasRoom: boolean;
  /** False once the connection is closed. */
  readonly open: boolean;
  /**
   * Sends events for the client, before the answers that waited for `group`.
   */
  sendEvents(events: readonly Outgoing[], group?: WriteGroup): void;
}

/** One session's interest in one queue. */
export interface Subscription {
  readonly session: Subscriber;
  /**
   * `subscribed`: messages are pushed. `polled`: made by `GET`; nothing is
   * pushed and `SUB` is prohibited in the same session.
   */
  readonly kind: "subscribed" | "polled";
  /** ID of the message that is delivered and not acknowledged. */
  delivered: Uint8Array | undefined;
  /** When that was last set (`performance.now`). */
  deliveredAt: number;
}

/**
 * The body of a message that is pushed: it is in its block before anything
 * else is encrypted.
 */
const pushed = new Uint8Array(RECEIVED_BODY_SIZE);

/** Settings of delivery. */
export interface DeliveryOptions {
  /** Tells sessions that their subscription ended. */
  readonly ends: EndEvents;
  /** Told of errors while nobody waits for an answer. */
  readonly onError: (error: unknown) => void;
}

/** Active subscriptions of the relay. */
export class Delivery {
  readonly #table: QueueTable;
  readonly #options: DeliveryOptions;
  readonly #active = new Map<string, Subscription>();
  #gathering: { group: WriteGroup; names: Set<string> } | undefined;

  constructor(table: QueueTable, options: DeliveryOptions) {
    this.#table = table;
    this.#options = options;
  }

  /** Number of active subscriptions. */
  get size(): number {
    return this.#active.size;
  }

  /** Makes `session` the subscriber of the queue; the one before gets `END`. */
  subscribe(session: Subscriber, queue: Queue): Subscription {
    this.#endPrevious(session, queue, "END");
    const subscription: Subscription = {
      session,
      kind: "subscribed",
      delivered: undefined,
      deliveredAt: 0,
    };
    this.#active.set(queue.name, subscription);
    session.subscriptions.set(queue.name, subscription);
    return subscription;
  }

  /** Ends the subscription to a deleted queue; another session gets `DELD`. */
  queueDeleted(session: Subscriber, queue: Queue): void {
    this.#endPrevious(session, queue, "DELD");
    this.#active.delete(queue.name);
    session.subscriptions.delete(queue.name);
    session.stalled.delete(queue.name);
  }

  /** The session that is subscribed to the queue. */
  subscriber(queue: Queue): Subscriber | undefined {
    return this.#active.get(queue.name)?.session;
  }

  /** Ends the subscription to the queue without a word. */
  forget(queue: Queue): void {
    const session = this.subscriber(queue);
    this.#active.delete(queue.name);
    session?.subscriptions.delete(queue.name);
    session?.stalled.delete(queue.name);
  }

  /** Forgets a session that was closed. */
  sessionClosed(session: Subscriber): void {
    for (const [name, subscription] of session.subscriptions) {
      if (this.#active.get(name) === subscription) this.#active.delete(name);
    }
    session.subscriptions.clear();
    session.stalled.clear();
  }

  /** Delivers the queue's new message when `group` is on disk. */
  messageStored(queue: Queue, group: WriteGroup): void {
    const subscription = this.#active.get(queue.name);
    if (subscription === undefined || subscription.delivered !== undefined) {
      return;
    }
    this.#deliverAfter(queue, group);
  }

  /** Looks for something to deliver when `group` is on disk. */
  #deliverAfter(queue: Queue, group: WriteGroup): void {
    if (this.#gathering?.group !== group) {
      const gathering = { group, names: new Set<string>() };
      this.#gathering = gathering;
      group.committed.then(() => {
        if (this.#gathering === gathering) this.#gathering = undefined;
        for (const name of gathering.names) this.#deliverByName(name, group);
      }, () => {
        // The sender was told that the message is not stored.
        if (this.#gathering === gathering) this.#gathering = undefined;
      });
    }
    this.#gathering.names.add(queue.name);
  }

  /** Delivers what waited for the session to read. */
  resume(session: Subscriber): void {
    for (const name of session.stalled) {
      if (!session.open || !session.hasRoom) return;
      session.stalled.delete(name);
      const subscription = this.#active.get(name);
      if (subscription?.session === session) this.#deliverByName(name);
    }
  }

  /**
   * The first message of the queue as `MSG`, noted as delivered, if there is
   * one on disk. One that is still being written is pushed later.
   */
  takeFirst(
    queue: Queue,
    subscription: Subscription,
    options: { readonly into?: Uint8Array } = {},
  ): Message | undefined {
    const first = this.#table.messages(queue)[0];
    if (first === undefined) return undefined;
    if (!isDurable(first)) {
      if (subscription.kind === "subscribed" && first.group !== undefined) {
        this.#deliverAfter(queue, first.group);
      }
      return undefined;
    }
    const message = this.#encrypt(queue, first.meta, options);
    subscription.delivered = first.meta.id;
    subscription.deliveredAt = performance.now();
    return message;
  }

  #deliverByName(name: string, group?: WriteGroup): void {
    const subscription = this.#active.get(name);
    if (subscription === undefined || subscription.delivered !== undefined) {
      return;
    }
    const { session } = subscription;
    if (!session.open) return;
    if (!session.hasRoom) {
      session.stall(name);
      return;
    }
    try {
      const queue = this.#table.findByName(name);
      if (queue === undefined) return;
      const message = this.takeFirst(queue, subscription, { into: pushed });
      if (message === undefined) return;
      session.sendEvents([{
        correlationId: EMPTY,
        entityId: queue.record.recipientId,
        message,
      }], group);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #encrypt(
    queue: Queue,
    meta: MessageMeta,
    { into }: { into?: Uint8Array },
  ): Message {
    const { time, notification } = meta;
    const body = meta.quota ? EMPTY : this.#table.body(meta);
    if (body === undefined) {
      throw new StoreError("corrupt", "A stored message has no body");
    }
    return {
      tag: "MSG",
      messageId: meta.id,
      body: encryptReceivedMessage(
        meta.quota
          ? { type: "quota", time }
          : { type: "message", time, notification, body },
        { secret: queue.messageKey, messageId: meta.id, into },
      ),
    };
  }

  #endPrevious(session: Subscriber, queue: Queue, tag: "END" | "DELD"): void {
    const previous = this.#active.get(queue.name);
    if (previous === undefined || previous.session === session) return;
    this.#active.delete(queue.name);
    previous.session.subscriptions.delete(queue.name);
    previous.session.stalled.delete(queue.name);
    this.#options.ends.add(previous.session, {
      entityId: queue.record.recipientId,
      message: { tag },
    });
  }
}
