/**
 * What the server is doing now, in numbers: for metrics and for its owner.
 *
 * @module
 */

import { AckTimes, type ServerGauges } from "../../stats/mod.ts";
import type { SmpContext } from "./context.ts";
import type { Subscription } from "./delivery.ts";
import type { Session } from "./session.ts";

/** A client, without anything that tells who it is. */
export interface ClientOverview {
  /** Counts up from the start of the relay. */
  readonly number: number;
  /** Version of SMP. */
  readonly version: number;
  /** Whether it is a service. */
  readonly service: boolean;
  readonly ageSeconds: number;
  /** Since anything was sent or received. */
  readonly idleSeconds: number;
  /** Queues that it is subscribed to, or gets messages of. */
  readonly subscriptions: number;
  /** Queues whose notifications it is subscribed to. */
  readonly notifications: number;
}

/** Numbers over all sessions; takes time in proportion to subscriptions. */
export function serverGauges(
  { table, delivery, notifications, recipientServices, notifierServices }:
    SmpContext,
  sessions: Iterable<Session>,
): ServerGauges {
  const deliveredTimes = new AckTimes();
  const now = performance.now();
  let clients = 0;
  let subscribed = 0;
  let notified = 0;
  let waiting = 0;
  for (const session of sessions) {
    clients++;
    if (session.notifiers.size > 0) notified++;
    const before = deliveredTimes.count;
    let subscribes = false;
    for (const subscription of session.subscriptions.values()) {
      if (subscription.kind === "subscribed") subscribes = true;
      const age = deliveredFor(subscription, now);
      if (age !== undefined) deliveredTimes.add(age);
    }
    if (subscribes) subscribed++;
    if (deliveredTimes.count > before) waiting++;
  }
  return {
    clients,
    subscribers: {
      subscriptions: delivery.size,
      clients: subscribed,
      services: recipientServices.services,
    },
    notificationSubscribers: {
      subscriptions: notifications.subscriptions,
      clients: notified,
      services: notifierServices.services,
    },
    delivered: {
      subscriptions: deliveredTimes.count,
      clients: waiting,
      services: 0,
    },
    deliveredTimes,
    loadedQueues: table.loaded,
    loadedNotifiers: table.loadedNotifiers,
  };
}

/** All clients, in the order in which they came. */
export function clientOverviews(
  { now, notifierServices }: SmpContext,
  sessions: Iterable<Session>,
): ClientOverview[] {
  const time = now();
  const seconds = (since: number) =>
    Math.max(Math.floor((time - since) / 1000), 0);
  return Array.from(sessions, (session) => ({
    number: session.number,
    version: session.version,
    service: session.isService,
    ageSeconds: seconds(session.startedAt),
    idleSeconds: seconds(session.lastActive),
    subscriptions: session.subscriptions.size,
    notifications: session.notifiers.size + notifierServices.queuesOf(session),
  }));
}

/** Whole seconds since the message that waits was delivered. */
function deliveredFor(
  { delivered, deliveredAt }: Subscription,
  now: number,
): number | undefined {
  return delivered === undefined
    ? undefined
    : Math.floor((now - deliveredAt) / 1000);
}
