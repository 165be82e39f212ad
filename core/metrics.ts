/**
 * Metrics of a core for Prometheus: sums, nothing about one relay.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { Log } from "../relay/log.ts";
import {
  formatMetrics,
  type Metric,
  type MetricsServer,
  serveMetrics,
  single,
} from "../relay/stats/mod.ts";
import { VERSION } from "../relay/version.ts";

/** What only grows; all others are what there is now. */
const COUNTERS: ReadonlySet<string> = new Set([
  "callbacks",
  "directory_probes",
  "directory_probes_failed",
  "directory_requests",
  "directory_requests_refused",
  "dns_dropped",
  "dns_questions",
]);

/** Serves them where the settings say; a port that is taken stops no core. */
export function serveCoreMetrics(
  { metrics: { address } }: Config,
  { counts, log }: {
    readonly counts: () => Readonly<Record<string, number>>;
    readonly log: Log;
  },
): MetricsServer | undefined {
  if (address === "") return undefined;
  try {
    return serveMetrics({
      address,
      metrics: () => coreMetricsText(counts()),
      onError: (error) => log.error("Telling metrics failed", error),
    });
  } catch (error) {
    log.error("Metrics cannot be served: look at metrics.address", error);
    return undefined;
  }
}

/** The core's numbers, by name, as text. */
export function coreMetricsText(
  counts: Readonly<Record<string, number>>,
): string {
  return formatMetrics([
    {
      name: "porchlight_core_info",
      type: "gauge",
      help: "Version of the program.",
      samples: [{ labels: { version: VERSION }, value: 1 }],
    },
    ...Object.entries(counts).map(([name, value]): Metric => {
      const snake = name.replaceAll(
        /[A-Z]/g,
        (letter) => `_${letter.toLowerCase()}`,
      );
      const grows = COUNTERS.has(snake);
      return single(
        `porchlight_core_${snake}${grows ? "_total" : ""}`,
        grows ? "counter" : "gauge",
        { help: `${snake.replaceAll("_", " ")}.`, value },
      );
    }),
  ]);
}
