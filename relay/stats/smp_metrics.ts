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
import { histogramSamples, type Metric } from "./metric.ts";
import { gauge, PREFIX, type SmpMetricsSource } from "./smp_metrics_source.ts";
import { proxyMetrics, serviceMetrics } from "./smp_proxy_metrics.ts";
import {
  messageMetrics,
  notificationMetrics,
  queueMetrics,
  subscriptionMetrics,
} from "./smp_queue_metrics.ts";

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
