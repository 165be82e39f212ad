/**
 * Which session is subscribed for a service, and to how many queues
 * (simplexmq 6.5.5, `serviceSubscribers` and `serverThread` in
 * `Simplex.Messaging.Server`).
 *
 * A service has one subscribed session: the last one that subscribed anything.
 * The one before is told with `ENDS` how many queues it lost.
 *
 * @module
 */

import { bytesKey } from "../../wire/mod.ts";
import type { Subscriber } from "./delivery.ts";
import type { EndEvents } from "./end_events.ts";

/** What a session is subscribed to for its service. */
interface ServiceSubscription {
  readonly session: Subscriber;
  readonly serviceId: Uint8Array;
  queues: number;
  /** Whether the session asked for all queues of the service. */
  all: boolean;
}

/** Subscriptions of services in one role. */
export class ServiceSubscriptions {
  readonly #ends: EndEvents;
  /** The subscribed session of each service, by `bytesKey` of its ID. */
  readonly #active = new Map<string, ServiceSubscription>();
  readonly #ofSession = new Map<Subscriber, ServiceSubscription>();
  #queues = 0;

  constructor(ends: EndEvents) {
    this.#ends = ends;
  }

  /** Services with a subscribed session. */
  get services(): number {
    return this.#active.size;
  }

  /** Queues that services are subscribed to. */
  get queues(): number {
    return this.#queues;
  }

  /** The subscribed session of the service. */
  session(serviceId: Uint8Array): Subscriber | undefined {
    return this.#active.get(bytesKey(serviceId))?.session;
  }

  /** Whether events for a service may still come to this session. */
  isSubscribed(session: Subscriber): boolean {
    const subscription = this.#ofSession.get(session);
    return subscription !== undefined && this.#isActive(subscription);
  }

  /** Queues that the session is subscribed to for its service. */
  queuesOf(session: Subscriber): number {
    return this.#ofSession.get(session)?.queues ?? 0;
  }

  /** Whether the session is subscribed to all queues of its service. */
  hasAll(session: Subscriber): boolean {
    return this.#ofSession.get(session)?.all ?? false;
  }

  /**
   * Subscribes the session to one more queue of its service. True when it was
   * not the service's subscribed session before.
   */
  addQueue(session: Subscriber, serviceId: Uint8Array): boolean {
    const subscription = this.#subscription(session, serviceId);
    subscription.queues++;
    this.#queues++;
    return this.#activate(subscription);
  }

  /** Subscribes the session to all `queues` queues of its service. */
  addAll(
    session: Subscriber,
    { serviceId, queues }: {
      readonly serviceId: Uint8Array;
      readonly queues: number;
    },
  ): boolean {
    const subscription = this.#subscription(session, serviceId);
    this.#queues += queues - subscription.queues;
    subscription.queues = queues;
    subscription.all = true;
    return this.#activate(subscription);
  }

  /**
   * A queue of the service was deleted, or went to the session `by` of another
   * client: the service's subscribed session gets `tag`, unless it did it
   * itself.
   */
  queueEnded(
    serviceId: Uint8Array | undefined,
    { by, entityId, tag }: {
      readonly by: Subscriber | undefined;
      readonly entityId: Uint8Array;
      readonly tag: "END" | "DELD" | undefined;
    },
  ): void {
    if (serviceId === undefined) return;
    const subscription = this.#active.get(bytesKey(serviceId));
    if (subscription === undefined || subscription.session === by) return;
    if (tag !== undefined) {
      this.#ends.add(subscription.session, { entityId, message: { tag } });
    }
    if (subscription.queues === 0) return;
    subscription.queues--;
    this.#queues--;
  }

  /** Forgets a session that was closed. */
  sessionClosed(session: Subscriber): void {
    const subscription = this.#ofSession.get(session);
    if (subscription === undefined) return;
    this.#ofSession.delete(session);
    this.#queues -= subscription.queues;
    if (this.#isActive(subscription)) {
      this.#active.delete(bytesKey(subscription.serviceId));
    }
  }

  #subscription(
    session: Subscriber,
    serviceId: Uint8Array,
  ): ServiceSubscription {
    const existing = this.#ofSession.get(session);
    if (existing !== undefined) return existing;
    const made = { session, serviceId, queues: 0, all: false };
    this.#ofSession.set(session, made);
    return made;
  }

  #activate(subscription: ServiceSubscription): boolean {
    const { serviceId } = subscription;
    const name = bytesKey(serviceId);
    const previous = this.#active.get(name);
    if (previous === subscription) return false;
    this.#active.set(name, subscription);
    if (previous !== undefined) {
      this.#ends.add(previous.session, {
        entityId: serviceId,
        message: { tag: "ENDS", count: previous.queues },
      });
      this.#queues -= previous.queues;
      previous.queues = 0;
      previous.all = false;
    }
    return true;
  }

  #isActive(subscription: ServiceSubscription): boolean {
    return this.#active.get(bytesKey(subscription.serviceId)) === subscription;
  }
}
