/**
 * Statistics of the relay: counters, the daily file, metrics for Prometheus.
 *
 * @module
 */

export { AckTimes } from "./ack_times.ts";
export { CachedCounts } from "./cached_counts.ts";
export {
  COUNTER_NAMES,
  type CounterName,
  Counters,
  type CounterValues,
} from "./counters.ts";
export { Durations } from "./durations.ts";
export type { ServerGauges, StoredCounts, SubscriberCounts } from "./gauges.ts";
export { Lateness } from "./lateness.ts";
export { ActiveQueues } from "./active_queues.ts";
export { fileMetrics, type FileMetricsSource } from "./file_metrics.ts";
export {
  besidePath,
  FileRecorder,
  type FileRecorderPart,
} from "./file_recorder.ts";
export { FileTotals } from "./file_totals.ts";
export { formatMetrics, type Metric, single } from "./metric.ts";
export { type MetricsServer, serveMetrics } from "./metrics_server.ts";
export {
  Recorder,
  type RecorderOptions,
  type RecorderPart,
} from "./recorder.ts";
export { relayMetrics } from "./relay_metrics.ts";
export { smpMetrics } from "./smp_metrics.ts";
export { Statistics } from "./statistics.ts";
