/**
 * Notifications: who is subscribed to them, and telling them that messages
 * came (simplexmq 6.5.5, `deliverNtfsThread` and `expireNtfsThread` in
 * `Simplex.Messaging.Server`).
 *
 * A notification is stored with its message, and waits on the disk until a
 * subscriber is there or it expires. In memory is only which queues to look at
 * next: those with a subscriber and something new. So a notifier that is away
 * costs no memory, and a restart or a crash loses none.
 *
 * They are sent every interval, those of a queue oldest first, up to 80 in a
 * block. One that was sent is deleted; where the relay dies before that is on
 * disk, it is sent again.
 *
 * @module
 */

import { randomBytes } from "../../crypto/mod.ts";
import type { Counters } from "../../stats/mod.ts";
import type {
  MessageMeta,
  NotifierRecord,
  Store,
  WriteGroup,
} from "../../store/store.ts";
import { bytesKey, EMPTY } from "../../wire/mod.ts";
import type { Queue, QueueTable } from "../queues/mod.ts";
import { encryptNotificationMeta } from "../received_message.ts";
import type { Outgoing, Subscriber } from "./delivery.ts";
import type { EndEvents } from "./end_events.ts";
import type { ServiceSubscriptions } from "./service_subscriptions.ts";

/**
 * Notifications kept for a queue; of more, the oldest go. Whoever was away
 * for so many messages fetches them all anyway.
 */
export const NOTIFICATIONS_PER_QUEUE = 256;

/** Queues looked at before other work gets its turn. */
const QUEUES_AT_ONCE = 128;

/** Rows read at once where all pending notifications are walked through. */
const ROWS_AT_ONCE = 1000;

/** Notifications sent to a session before its output is looked at again. */
const SENT_AT_ONCE = 320;

/** `NMSG` that fit in a block, for statistics as the reference counts them. */
const IN_BLOCK = 80;

const NONCE_LENGTH = 24;

/** What notifications stand on. */
export interface NotificationsParts {
  readonly store: Store;
  readonly table: QueueTable;
  /** Subscriptions of notifier services. */
  readonly services: ServiceSubscriptions;
  readonly ends: EndEvents;
  readonly counters: Counters;
  /** Time between two deliveries, in milliseconds. */
  readonly intervalMs: number;
  /** Told of errors while nobody waits for an answer. */
  readonly onError: (error: unknown) => void;
}

/** Subscriptions of notifiers, and pending notifications. */
export class Notifications {
  readonly #parts: NotificationsParts;
  /** Subscribed sessions by `bytesKey` of the notifier's ID. */
  readonly #subscribers = new Map<string, Subscriber>();
  /** Names of the queues to look at with the next delivery. */
  #due = new Set<string>();
  /** Services whose subscribed session is new, by `bytesKey` of their ID. */
  #dueServices = new Set<string>();
  /** Up to where a queue's are sent, until that is deleted on disk too. */
  readonly #sent = new Map<string, number>();
  #gathering: { group: WriteGroup; names: Set<string> } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delivering: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: NotificationsParts) {
    this.#parts = parts;
  }

  /** Notifiers with a subscribed session that is no service. */
  get subscriptions(): number {
    return this.#subscribers.size;
  }

  /** Whether the session is subscribed to the notifier. */
  isSubscribed(session: Subscriber, notifierId: Uint8Array): boolean {
    return session.notifiers.has(bytesKey(notifierId));
  }

  /** Makes `session` the notifier's subscriber; the one before gets `END`. */
  subscribe(
    session: Subscriber,
    { queue, notifierId }: { queue: Queue; notifierId: Uint8Array },
  ): void {
    this.unsubscribe(notifierId, { by: session, tag: "END" });
    const name = bytesKey(notifierId);
    this.#subscribers.set(name, session);
    session.notifiers.add(name);
    this.#lookAt(queue.name);
  }

  /** Ends the notifier's subscription; another session than `by` gets `tag`. */
  unsubscribe(
    notifierId: Uint8Array,
    { by, tag }: {
      readonly by: Subscriber | undefined;
      readonly tag: "END" | "DELD" | undefined;
    },
  ): void {
    const name = bytesKey(notifierId);
    const session = this.#subscribers.get(name);
    if (session === undefined) return;
    this.#subscribers.delete(name);
    session.notifiers.delete(name);
    if (session === by || tag === undefined) return;
    this.#parts.ends.add(session, { entityId: notifierId, message: { tag } });
  }

  /** A session is now the subscribed one of this notifier service. */
  serviceSubscribed(serviceId: Uint8Array): void {
    this.#dueServices.add(bytesKey(serviceId));
    this.#schedule();
  }

  /** Looks at a queue that was associated with a service. */
  queueOfService(queue: Queue): void {
    this.#lookAt(queue.name);
  }

  /** Forgets a session that was closed. */
  sessionClosed(session: Subscriber): void {
    for (const name of session.notifiers) {
      if (this.#subscribers.get(name) === session) {
        this.#subscribers.delete(name);
      }
    }
    session.notifiers.clear();
  }

  /** Stores a notification of a new message, if the queue has a notifier. */
  messageStored(queue: Queue, { seq, id, time }: MessageMeta): void {
    const { notifier } = queue.record;
    if (notifier === undefined) return;
    const group = this.#parts.store.write({
      type: "addNotification",
      key: queue.key,
      notification: { seq, messageId: id, time },
      keep: NOTIFICATIONS_PER_QUEUE,
    });
    if (this.#subscriber(notifier) !== undefined) {
      this.#lookAtAfter(queue, group);
    }
  }

  /** Deletes the queue's notifications: its notifier goes. */
  removeAll(queue: Queue): void {
    this.#parts.store.write({ type: "deleteNotifications", key: queue.key });
  }

  /** Deletes notifications from before `before` (seconds since 1970). */
  async expire(before: number, signal: AbortSignal): Promise<number> {
    const { store } = this.#parts;
    let total = 0;
    let after = 0;
    while (!signal.aborted) {
      const rows = store.notificationsAfter(after, ROWS_AT_ONCE);
      const old = rows.filter(({ time }) => time < before).length;
      if (old === 0) break;
      after = rows[rows.length - 1].seq;
      store.write({ type: "expireNotifications", upTo: after, before });
      total += old;
      await store.flush();
      // They are in the order of time: where some are young, the rest is.
      if (old < rows.length) break;
    }
    this.#parts.counters.add("msgNtfExpired", total);
    return total;
  }

  /** Stops delivering; what is pending stays on disk. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#delivering;
  }

  #subscriber({ id, serviceId }: NotifierRecord): Subscriber | undefined {
    return serviceId === undefined
      ? this.#subscribers.get(bytesKey(id))
      : this.#parts.services.session(serviceId);
  }

  #lookAt(name: string): void {
    this.#due.add(name);
    this.#schedule();
  }

  #lookAtAfter(queue: Queue, group: WriteGroup): void {
    if (this.#gathering?.group !== group) {
      const gathering = { group, names: new Set<string>() };
      this.#gathering = gathering;
      const end = () => {
        if (this.#gathering === gathering) this.#gathering = undefined;
      };
      group.committed.then(() => {
        end();
        for (const name of gathering.names) this.#lookAt(name);
      }, end);
    }
    this.#gathering.names.add(queue.name);
  }

  #schedule(): void {
    if (this.#stopped || this.#delivering !== undefined) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#delivering = this.#deliver().catch(this.#parts.onError).finally(
        () => {
          this.#delivering = undefined;
          if (this.#due.size + this.#dueServices.size > 0) this.#schedule();
        },
      );
    }, this.#parts.intervalMs);
  }

  async #deliver(): Promise<void> {
    await this.#findOfServices();
    const names = this.#due;
    this.#due = new Set();
    const batches = new Batches(this.#parts.counters);
    let looked = 0;
    for (const name of names) {
      if (++looked % QUEUES_AT_ONCE === 0) {
        batches.send();
        await nextTurn();
      }
      if (this.#stopped) return;
      this.#collect(name, batches);
    }
    batches.send();
  }

  /** Finds queues with something pending for services that subscribed. */
  async #findOfServices(): Promise<void> {
    const services = this.#dueServices;
    if (services.size === 0) return;
    this.#dueServices = new Set();
    let after = 0;
    while (!this.#stopped) {
      const rows = this.#parts.store.notificationsAfter(after, ROWS_AT_ONCE);
      for (const { seq, recipientId, serviceId } of rows) {
        after = seq;
        if (serviceId !== undefined && services.has(bytesKey(serviceId))) {
          this.#due.add(bytesKey(recipientId));
        }
      }
      if (rows.length < ROWS_AT_ONCE) return;
      await nextTurn();
    }
  }

  #collect(name: string, batches: Batches): void {
    const { store, table } = this.#parts;
    const queue = table.findByName(name);
    const notifier = queue?.record.notifier;
    if (queue === undefined || notifier === undefined) return;
    const session = this.#subscriber(notifier);
    if (session === undefined || !session.open) return;
    if (!session.hasRoom) {
      this.#due.add(name);
      return;
    }
    const sent = this.#sent.get(name) ?? 0;
    const pending = store.notifications(queue.key).filter(({ seq }) =>
      seq > sent
    );
    if (pending.length === 0) return;
    for (const { messageId, time } of pending) {
      const nonce = randomBytes(NONCE_LENGTH);
      const meta = encryptNotificationMeta({ messageId, time }, {
        secret: notifier.dhSecret,
        nonce,
      });
      batches.add(session, {
        correlationId: EMPTY,
        entityId: notifier.id,
        message: { tag: "NMSG", nonce, meta },
      });
    }
    const upTo = pending[pending.length - 1].seq;
    this.#sent.set(name, upTo);
    const forget = () => {
      if (this.#sent.get(name) === upTo) this.#sent.delete(name);
    };
    store.write({ type: "deleteNotifications", key: queue.key, upTo })
      .committed.then(forget, forget);
  }
}

/** Notifications that go to each session together. */
class Batches {
  readonly #counters: Counters;
  readonly #bySession = new Map<Subscriber, Outgoing[]>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  add(session: Subscriber, notification: Outgoing): void {
    const batch = this.#bySession.get(session);
    if (batch === undefined) this.#bySession.set(session, [notification]);
    else if (batch.push(notification) >= SENT_AT_ONCE) {
      this.#bySession.delete(session);
      this.#sendTo(session, batch);
    }
  }

  send(): void {
    for (const [session, batch] of this.#bySession) {
      this.#sendTo(session, batch);
    }
    this.#bySession.clear();
  }

  #sendTo(session: Subscriber, batch: readonly Outgoing[]): void {
    session.sendEvents(batch);
    this.#counters.add("msgNtfs", batch.length);
    this.#counters.add("msgNtfsB", Math.floor(batch.length / IN_BLOCK) + 1);
  }
}

/** Lets what has come in since be served. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
