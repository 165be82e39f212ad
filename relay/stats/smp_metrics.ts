/**
 * The metrics of the reference's SMP server, under its names as it spells
 * them (simplexmq 6.5.5, `Simplex.Messaging.Server.Prometheus`), so that a
 * dashboard made for it shows this relay as well.
 *
 * Two things are otherwise. Samples carry no time: Prometheus knows when it
 * asked. And `delivery_ack_confirmed_time_count` is the number of times in the
 * histogram, where the reference counts messages taken by `GET` twice.
 *
 * @module
 */

import type { AckTimes } from "./ack_times.ts";
import {
  type CounterName,
  PROXY_STATISTICS,
  SERVICE_COUNTS,
  type SERVICE_STATISTICS,
} from "./counters.ts";
import type { ServerGauges, StoredCounts } from "./gauges.ts";
import {
  histogramSamples,
  type Metric,
  type MetricType,
  type Sample,
  single,
} from "./metric.ts";
import type { Statistics } from "./statistics.ts";

/**
 * Connections of a listening port, or of all that are listened on, with commas
 * between them (`SocketStats`).
 */
export interface SocketCounts {
  readonly port: string;
  readonly accepted: number;
  readonly closed: number;
  readonly active: number;
  /** Neither closed nor active. */
  readonly leaked: number;
}

/** What the metrics are read from. */
export interface SmpMetricsSource {
  readonly statistics: Statistics;
  readonly stored: StoredCounts;
  readonly server: ServerGauges;
  readonly sockets: readonly SocketCounts[];
  /** Threads of the process. */
  readonly threads: number;
  /** Version of the server. */
  readonly version: string;
}

const PREFIX = "simplex_smp_";

/** The reference's metrics. */
export function smpMetrics(source: SmpMetricsSource): Metric[] {
  return [
    ...queueMetrics(source),
    ...subscriptionMetrics(source),
    ...messageMetrics(source),
    ...notificationMetrics(source),
    ...proxyMetrics(source),
    ...serviceMetrics(source),
    ...processMetrics(source),
    ...deliveryMetrics(source),
    ...subscriberMetrics(source),
    ...loadedMetrics(source),
  ];
}

function counter(
  { statistics }: SmpMetricsSource,
  name: string,
  { of, help }: { of: CounterName; help: string },
): Metric {
  const value = statistics.counters.get(of);
  return single(PREFIX + name, "counter", { help, value });
}

function gauge(name: string, value: number, help: string): Metric {
  return single(PREFIX + name, "gauge", { help, value });
}

/** One metric over several counters, told apart by the label `type`. */
function byType(
  { statistics }: SmpMetricsSource,
  name: string,
  { of, help }: { of: Readonly<Record<string, CounterName>>; help: string },
): Metric {
  return {
    name: PREFIX + name,
    type: "counter",
    help,
    samples: Object.entries(of).map(([type, counter]): Sample => ({
      labels: { type },
      value: statistics.counters.get(counter),
    })),
  };
}

function queueMetrics(source: SmpMetricsSource): Metric[] {
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

function subscriptionMetrics(source: SmpMetricsSource): Metric[] {
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

function messageMetrics(source: SmpMetricsSource): Metric[] {
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

function notificationMetrics(source: SmpMetricsSource): Metric[] {
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

function proxyMetrics(source: SmpMetricsSource): Metric[] {
  const { counters } = source.statistics;
  const errors = [
    ["connect", "pErrorsConnect"],
    ["compat", "pErrorsCompat"],
    ["other", "pErrorsOther"],
  ] as const;
  const kinds = [
    ["relay_sessions", "pRelays", "Sessions with other relays"],
    ["relay_messages", "pMsgFwds", "Messages for other relays"],
  ] as const;
  const sources = (of: typeof kinds[number][1]) =>
    PROXY_STATISTICS.filter((group) => group.startsWith(of)).map((group) =>
      [group, group === of ? "all" : "own"] as const
    );
  const metrics: Metric[] = kinds.flatMap(([name, of, help]) => [
    ...(["requests", "successes"] as const).map((suffix): Metric => ({
      name: `${PREFIX}${name}_${suffix}`,
      type: "counter",
      help: `${help}: ${suffix}`,
      samples: sources(of).map(([group, source]) => ({
        labels: { source },
        value: counters.get(
          `${group}_${suffix === "requests" ? "pRequests" : "pSuccesses"}`,
        ),
      })),
    })),
    {
      name: `${PREFIX}${name}_errors`,
      type: "counter" as const,
      help: `${help}: errors`,
      samples: sources(of).flatMap(([group, source]) =>
        errors.map(([type, count]) => ({
          labels: { source, type },
          value: counters.get(`${group}_${count}`),
        }))
      ),
    },
  ]);
  return [
    ...metrics,
    counter(source, "relay_messages_received", {
      of: "pMsgFwdsRecv",
      help: "Messages that other relays passed on to this one",
    }),
  ];
}

/** Name, type and what it is, by what is counted of services. */
const SERVICE_METRICS: Readonly<
  Record<typeof SERVICE_COUNTS[number], readonly [string, MetricType, string]>
> = {
  srvAssocNew: ["assoc_new", "counter", "Queues given to services"],
  srvAssocDuplicate: [
    "assoc_duplicate",
    "counter",
    "Queues given again to the service that has them",
  ],
  srvAssocUpdated: [
    "assoc_updated",
    "counter",
    "Queues given from one service to another",
  ],
  srvAssocRemoved: ["assoc_removed", "counter", "Queues taken from services"],
  srvSubCount: ["sub_count", "counter", "Subscriptions of services"],
  srvSubDuplicate: [
    "sub_duplicate",
    "counter",
    "Subscriptions of services that were there already",
  ],
  // Gauges in the reference too, though they only grow.
  srvSubQueues: ["sub_queues", "gauge", "Queues that services subscribed to"],
  srvSubEnd: ["sub_end", "gauge", "Subscriptions of services that ended"],
};

function serviceMetrics(
  { stored, statistics: { counters } }: SmpMetricsSource,
): Metric[] {
  const of = (
    prefix: "rcv" | "ntf",
    group: typeof SERVICE_STATISTICS[number],
  ) =>
    SERVICE_COUNTS.map((count): Metric => {
      const [name, type, what] = SERVICE_METRICS[count];
      const kind = prefix === "rcv" ? "receiving" : "notifications";
      return {
        name: `${PREFIX}${prefix}_services_${name}`,
        type,
        help: `${what} (${kind})`,
        samples: [{ value: counters.get(`${group}_${count}`) }],
      };
    });
  return [
    gauge(
      "rcv_services_count",
      stored.recipientServices,
      "Services that receive",
    ),
    gauge(
      "rcv_services_queues_count",
      stored.recipientServiceQueues,
      "Queues of services that receive",
    ),
    gauge(
      "ntf_services_count",
      stored.notifierServices,
      "Services for notifications",
    ),
    gauge(
      "ntf_services_queues_count",
      stored.notifierServiceQueues,
      "Queues of services for notifications",
    ),
    ...of("rcv", "rcvServices"),
    ...of("ntf", "ntfServices"),
  ];
}

function processMetrics(source: SmpMetricsSource): Metric[] {
  const sockets = (
    key: "accepted" | "closed" | "active" | "leaked",
    help: string,
  ): Metric => ({
    name: `${PREFIX}sockets_${key}`,
    type: "gauge",
    help,
    samples: source.sockets.map((counts) => ({
      labels: { port: counts.port },
      value: counts[key],
    })),
  });
  return [
    {
      name: `${PREFIX}info`,
      type: "gauge",
      help: "The server",
      // There is no Haskell runtime here, but dashboards expect its label.
      samples: [{
        labels: { version: source.version, rts_options: "" },
        value: 1,
      }],
    },
    sockets("accepted", "Connections that were accepted"),
    sockets("closed", "Connections that were closed"),
    sockets("active", "Connections that are open"),
    sockets("leaked", "Connections that are neither open nor closed"),
    gauge("threads_total", source.threads, "Threads of the process"),
    gauge("clients_total", source.server.clients, "Clients"),
  ];
}

/** Periods that delivered messages are counted by, in seconds. */
const ACK_PERIODS = [
  [0, 60],
  [60, 300],
  [300, 1200],
  [1200, 3600],
  [3600, Infinity],
] as const;

function byPeriod(
  name: string,
  type: "counter" | "gauge",
  { times, help }: { times: AckTimes; help: string },
): Metric {
  return {
    name: PREFIX + name,
    type,
    help,
    samples: ACK_PERIODS.map(([from, to]) => ({
      labels: { period: to === Infinity ? `${from}+` : `${from}-${to}` },
      value: times.between(from, to),
    })),
  };
}

function deliveryMetrics({ server, statistics }: SmpMetricsSource): Metric[] {
  const { ackTimes } = statistics;
  return [
    gauge(
      "delivered_total",
      server.delivered.subscriptions,
      "Subscriptions with a message that is not acknowledged yet",
    ),
    gauge(
      "delivered_clients_total",
      server.delivered.clients,
      "Clients with a message that is not acknowledged yet",
    ),
    {
      name: `${PREFIX}delivery_ack_confirmed_time`,
      type: "histogram",
      help: "Seconds from delivery to acknowledgement",
      samples: histogramSamples(ackTimes.buckets, ackTimes),
    },
    byPeriod("delivery_ack_confirmed_count", "counter", {
      times: ackTimes,
      help: "Acknowledged messages by seconds since their delivery",
    }),
    byPeriod("delivery_ack_pending_count", "gauge", {
      times: server.deliveredTimes,
      help: "Delivered messages by seconds that they wait to be acknowledged",
    }),
    gauge(
      "delivery_ack_time_max",
      server.deliveredTimes.max,
      "Longest that a delivered message waits to be acknowledged, in seconds",
    ),
  ];
}

function subscriberMetrics({ server }: SmpMetricsSource): Metric[] {
  const { subscribers, notificationSubscribers } = server;
  return [
    gauge(
      "subscribtion_total",
      subscribers.subscriptions,
      "Subscriptions to messages",
    ),
    gauge(
      "subscribtion_clients_total",
      subscribers.clients,
      "Clients subscribed to messages",
    ),
    gauge(
      "subscribtion_services_total",
      subscribers.services,
      "Services subscribed to messages",
    ),
    gauge(
      "subscription_ntf_total",
      notificationSubscribers.subscriptions,
      "Subscriptions to notifications",
    ),
    gauge(
      "subscription_ntf_clients_total",
      notificationSubscribers.clients,
      "Clients subscribed to notifications",
    ),
    gauge(
      "subscribtion_nts_services_total",
      notificationSubscribers.services,
      "Services subscribed to notifications",
    ),
  ];
}

function loadedMetrics({ server }: SmpMetricsSource): Metric[] {
  const none = "Always 0: there is no such thing here";
  return [
    gauge(
      "loaded_queues_queue_count",
      server.loadedQueues,
      "Queues in memory",
    ),
    gauge(
      "loaded_queues_ntf_count",
      server.loadedNotifiers,
      "Credentials for notifications in memory",
    ),
    gauge("loaded_queues_open_journal_count", 0, none),
    gauge("loaded_queues_queue_lock_count", 0, none),
    gauge("loaded_queues_ntf_lock_count", 0, none),
  ];
}
