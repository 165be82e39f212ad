/**
 * What is now, beside what was counted: read from the parts of the relay when
 * statistics are asked for.
 *
 * @module
 */

import type { AckTimes } from "./ack_times.ts";

/** What is stored (`EntityCounts` of the reference, and messages). */
export interface StoredCounts {
  readonly queues: number;
  /** Queues with credentials for notifications. */
  readonly notifiers: number;
  readonly messages: number;
  /** Notifications that wait for the notification server. */
  readonly notifications: number;
  /** Services that receive, and queues of theirs. */
  readonly recipientServices: number;
  readonly recipientServiceQueues: number;
  /** Services that are notified, and queues of theirs. */
  readonly notifierServices: number;
  readonly notifierServiceQueues: number;
}

/** Subscriptions of one kind (`RTSubscriberMetrics`). */
export interface SubscriberCounts {
  readonly subscriptions: number;
  /** Clients that have any. */
  readonly clients: number;
  /** Services among them. */
  readonly services: number;
}

/** What the SMP server has in memory (`RealTimeMetrics`). */
export interface ServerGauges {
  readonly clients: number;
  /** Subscriptions to messages, of all clients. */
  readonly subscribers: SubscriberCounts;
  /** Subscriptions to notifications. */
  readonly notificationSubscribers: SubscriberCounts;
  /** Subscriptions with a message that was not acknowledged yet. */
  readonly delivered: SubscriberCounts;
  /** How long those messages wait. */
  readonly deliveredTimes: AckTimes;
  readonly loadedQueues: number;
  readonly loadedNotifiers: number;
}
