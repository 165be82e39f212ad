/**
 * The reference's metrics of queues, messages and notifications.
 *
 * @module
 */

import type { Metric } from "./metric.ts";
import {
  byType,
  counter,
  gauge,
  type SmpMetricsSource,
} from "./smp_metrics_source.ts";

/** Queues. */
export function queueMetrics(source: SmpMetricsSource): Metric[] {
  const { stored, statistics } = source;
  const all = statistics.activeQueues.estimates;
  const ntf = statistics.activeQueuesNtf.estimates;
  const active = "Queues with messages sent or received";
  const notify = "Queues with messages that notify, sent or received";
  return [
    counter(source, "queues_created", {
      of: "qCreated",
      help: "Queues that were created",
    }),
    counter(source, "queues_secured", {
      of: "qSecured",
      help: "Queues that got their sender's key",
    }),
    byType(source, "queues_deleted", {
      of: {
        all: "qDeletedAll",
        new: "qDeletedNew",
        secured: "qDeletedSecured",
      },
      help: "Queues that were deleted: all, without and with a sender's key",
    }),
    counter(source, "queues_blocked", {
      of: "qBlocked",
      help: "Queues that the operator blocked",
    }),
    counter(source, "queues_deleted_batch", {
      of: "qDeletedAllB",
      help: "Blocks of several commands that delete queues",
    }),
    gauge("queues_total1", stored.queues, "Queues that are stored"),
    gauge("queues_total2", stored.queues, "Queues that are stored"),
    gauge("queues_daily", all.day, `${active}, this day`),
    gauge("queues_weekly", all.week, `${active}, this week`),
    gauge("queues_monthly", all.month, `${active}, this month`),
    gauge("queues_notify_daily", ntf.day, `${notify}, this day`),
    gauge("queues_notify_weekly", ntf.week, `${notify}, this week`),
    gauge("queues_notify_monthly", ntf.month, `${notify}, this month`),
  ];
}

/** Subscriptions to messages. */
export function subscriptionMetrics(source: SmpMetricsSource): Metric[] {
  return [
    counter(source, "subscribtion_successes", {
      of: "qSub",
      help: "Subscriptions that had a message waiting",
    }),
    counter(source, "subscribtion_successes_batch", {
      of: "qSubAllB",
      help: "Blocks of several subscriptions",
    }),
    counter(source, "subscribtion_end", {
      of: "qSubEnd",
      help: "Subscriptions that ended by another client or a deleted queue",
    }),
    counter(source, "subscribtion_end_batch", {
      of: "qSubEndB",
      help: "Blocks that told clients of ended subscriptions",
    }),
    byType(source, "subscribtion_errors", {
      of: {
        auth: "qSubAuth",
        duplicate: "qSubDuplicate",
        prohibited: "qSubProhibited",
      },
      help: "Subscriptions that failed or were there already",
    }),
  ];
}

/** Messages. */
export function messageMetrics(source: SmpMetricsSource): Metric[] {
  return [
    counter(source, "messages_sent", {
      of: "msgSent",
      help: "Messages that were stored",
    }),
    byType(source, "messages_sent_errors", {
      of: {
        auth: "msgSentAuth",
        quota: "msgSentQuota",
        large: "msgSentLarge",
        block: "msgSentBlock",
      },
      help: "Messages that were refused",
    }),
    counter(source, "messages_received", {
      of: "msgRecv",
      help: "Messages that were acknowledged",
    }),
    counter(source, "messages_expired", {
      of: "msgExpired",
      help: "Messages that were deleted because nobody fetched them",
    }),
    gauge("messages_total", source.stored.messages, "Messages that are stored"),
    counter(source, "messages_notify_sent", {
      of: "msgSentNtf",
      help: "Stored messages that notify",
    }),
    counter(source, "messages_notify_received", {
      of: "msgRecvNtf",
      help: "Acknowledged messages that notify",
    }),
    counter(source, "messages_notify_get_sent", {
      of: "msgGet",
      help: "GET commands that gave a message",
    }),
    counter(source, "messages_notify_get_received", {
      of: "msgRecvGet",
      help: "Messages that were acknowledged after GET",
    }),
    byType(source, "messages_notify_get_errors", {
      of: {
        nomsg: "msgGetNoMsg",
        auth: "msgGetAuth",
        duplicate: "msgGetDuplicate",
        prohibited: "msgGetProhibited",
      },
      help: "GET commands that gave no new message",
    }),
  ];
}

/** Notifications, and the credentials for them. */
export function notificationMetrics(source: SmpMetricsSource): Metric[] {
  const { notifiers, notifications } = source.stored;
  return [
    counter(source, "queues_notify_created", {
      of: "ntfCreated",
      help: "Credentials for notifications that were created",
    }),
    counter(source, "queues_notify_new_created", {
      of: "ntfNewCreated",
      help: "Queues created together with credentials for notifications",
    }),
    counter(source, "queues_notify_deleted", {
      of: "ntfDeleted",
      help: "Credentials for notifications that were deleted",
    }),
    counter(source, "queues_notify_deleted_batch", {
      of: "ntfDeletedB",
      help: "Blocks of several commands that delete such credentials",
    }),
    gauge(
      "queues_notify_total1",
      notifications,
      "Notifications that wait for the notification server",
    ),
    gauge(
      "queues_notify_total2",
      notifiers,
      "Queues with credentials for notifications",
    ),
    counter(source, "messages_ntf_successes", {
      of: "msgNtfs",
      help: "Notifications that were handed to a notification server",
    }),
    counter(source, "messages_ntf_successes_batch", {
      of: "msgNtfsB",
      help: "Blocks that such notifications went in",
    }),
    byType(source, "messages_ntf_errors", {
      of: {
        nosub: "msgNtfNoSub",
        lost: "msgNtfLost",
        expired: "msgNtfExpired",
      },
      help: "Notifications that were not handed on",
    }),
    counter(source, "subscription_ntf_requests", {
      of: "ntfSub",
      help: "Subscriptions to notifications",
    }),
    counter(source, "subscription_ntf_requests_batch", {
      of: "ntfSubB",
      help: "Blocks of several subscriptions to notifications",
    }),
    byType(source, "subscribtion_ntf_errors", {
      of: { auth: "ntfSubAuth", duplicate: "ntfSubDuplicate" },
      help: "Subscriptions to notifications that failed or were there already",
    }),
  ];
}
