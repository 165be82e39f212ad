/**
 * Statistics of the relay: counters, the daily file, metrics for Prometheus.
 *
 * @module
 */

export { AckTimes } from "./ack_times.ts";
export {
  COUNTER_NAMES,
  type CounterName,
  Counters,
  type CounterValues,
} from "./counters.ts";
export type { ServerGauges, StoredCounts, SubscriberCounts } from "./gauges.ts";
export { Statistics } from "./statistics.ts";
