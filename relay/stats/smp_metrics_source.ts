/**
 * What the metrics of the reference are read from, and their simplest forms.
 *
 * @module
 */

import type { CounterName } from "./counters.ts";
import type { ServerGauges, StoredCounts } from "./gauges.ts";
import { type Metric, type Sample, single } from "./metric.ts";
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

/** What the names of the reference's metrics begin with. */
export const PREFIX = "simplex_smp_";

/** A counter under the reference's name for it. */
export function counter(
  { statistics }: SmpMetricsSource,
  name: string,
  { of, help }: { of: CounterName; help: string },
): Metric {
  const value = statistics.counters.get(of);
  return single(PREFIX + name, "counter", { help, value });
}

/** A gauge under the reference's name for it. */
export function gauge(name: string, value: number, help: string): Metric {
  return single(PREFIX + name, "gauge", { help, value });
}

/** One metric over several counters, told apart by the label `type`. */
export function byType(
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
