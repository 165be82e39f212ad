/**
 * The reference's metrics of private message routing and of services.
 *
 * @module
 */

import {
  PROXY_STATISTICS,
  SERVICE_COUNTS,
  type SERVICE_STATISTICS,
} from "./counters.ts";
import type { Metric, MetricType } from "./metric.ts";
import {
  counter,
  gauge,
  PREFIX,
  type SmpMetricsSource,
} from "./smp_metrics_source.ts";

/** Messages to and from other relays. */
export function proxyMetrics(source: SmpMetricsSource): Metric[] {
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

/** Services. */
export function serviceMetrics(
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
