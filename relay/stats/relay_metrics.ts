/**
 * Metrics beside those of the reference: how the machine and this program
 * are doing.
 *
 * @module
 */

import type { Durations } from "./durations.ts";
import { type Metric, type Sample, single } from "./metric.ts";

/** What a listener counted. */
export interface ConnectionCounts {
  /** Open now. */
  readonly open: number;
  /** In the middle of their TLS handshake now. */
  readonly handshaking: number;
  readonly established: number;
  /** Turned away because there were too many. */
  readonly refused: number;
  /** Left in the middle of their handshake for a newer one. */
  readonly dropped: number;
  /** Handshakes that failed, by cause. */
  readonly failed: Readonly<Record<string, number>>;
  /** Times that the system refused to accept. */
  readonly acceptErrors: number;
}

/** What the metrics are read from. Sizes in bytes, times in seconds. */
export interface RelayMetricsSource {
  readonly startedAt: number;
  readonly connections: ConnectionCounts;
  /** Of the protocol's blocks. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly lateness: Durations;
  readonly commits: Durations;
  readonly failedCommits: number;
  readonly storeBytes: number;
  readonly diskFreeBytes: number;
  readonly memoryBytes: number;
  readonly certificateEnds: number;
  /** Parts of the relay, and whether each works. */
  readonly parts: readonly {
    readonly name: string;
    readonly state: "ok" | "degraded" | "down";
  }[];
}

const PREFIX = "porchlight_";

/** Our metrics. */
export function relayMetrics(source: RelayMetricsSource): Metric[] {
  return [...workMetrics(source), ...machineMetrics(source)];
}

function counter(name: string, value: number, help: string): Metric {
  return single(PREFIX + name, "counter", { help, value });
}

function gauge(name: string, value: number, help: string): Metric {
  return single(PREFIX + name, "gauge", { help, value });
}

function workMetrics(source: RelayMetricsSource): Metric[] {
  const { connections } = source;
  const handshakes: Sample[] = [
    { labels: { result: "ok" }, value: connections.established },
    { labels: { result: "refused" }, value: connections.refused },
    { labels: { result: "dropped" }, value: connections.dropped },
    ...Object.entries(connections.failed).map(([kind, value]) => ({
      labels: { result: `failed: ${kind}` },
      value,
    })),
  ];
  return [
    gauge("connections", connections.open, "Connections that are open"),
    gauge(
      "tls_handshakes_in_progress",
      connections.handshaking,
      "TLS handshakes under way",
    ),
    {
      name: `${PREFIX}tls_handshakes_total`,
      type: "counter",
      help: "TLS handshakes by their result",
      samples: handshakes,
    },
    counter(
      "accept_errors_total",
      connections.acceptErrors,
      "Times that the system refused to accept a connection",
    ),
    counter(
      "received_bytes_total",
      source.bytesReceived,
      "Bytes of SMP blocks from clients",
    ),
    counter(
      "sent_bytes_total",
      source.bytesSent,
      "Bytes of SMP blocks to clients",
    ),
    source.lateness.metric(
      `${PREFIX}event_loop_lateness_seconds`,
      "How late a timer is, measured once a second",
    ),
    source.commits.metric(
      `${PREFIX}commit_seconds`,
      "Time to bring a group of changes onto the disk",
    ),
    counter(
      "failed_commits_total",
      source.failedCommits,
      "Groups of changes that could not be written",
    ),
  ];
}

function machineMetrics(source: RelayMetricsSource): Metric[] {
  return [
    gauge("store_bytes", source.storeBytes, "Size of the database"),
    gauge(
      "disk_free_bytes",
      source.diskFreeBytes,
      "Room that is left on the disk of the data directory",
    ),
    gauge("memory_bytes", source.memoryBytes, "Memory of the process (RSS)"),
    gauge(
      "start_time_seconds",
      source.startedAt,
      "When the relay started, in seconds since 1970",
    ),
    gauge(
      "certificate_end_seconds",
      source.certificateEnds,
      "When the online certificate ends, in seconds since 1970",
    ),
    {
      name: `${PREFIX}part_state`,
      type: "gauge",
      help: "Each part of the relay: 0 ok, 1 degraded, 2 down",
      samples: source.parts.map(({ name, state }) => ({
        labels: { part: name },
        value: ["ok", "degraded", "down"].indexOf(state),
      })),
    },
  ];
}
