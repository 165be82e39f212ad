/**
 * What the owner sees of a running relay, and what the owner may do with it:
 * the answers of the control socket, and the metrics.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { blockingAnswer, blockingInfo } from "./blocking_words.ts";
import {
  type ControlledRelay,
  type QueueAnswer,
  type QueueChangeAnswer,
  type QueueControl,
  Refusal,
  type StatisticsAnswer,
} from "./control/mod.ts";
import type { FileServer } from "./file_server.ts";
import { fileControl, fileStatistics } from "./owner_files.ts";
import type { Health, HealthSources } from "./health.ts";
import type { Identity } from "./identity/mod.ts";
import { serverInformation } from "./information.ts";
import { machineUse } from "./machine.ts";
import { BLOCK_SIZE, type QueueOverview, type SmpServer } from "./smp/mod.ts";
import {
  type Durations,
  fileMetrics,
  formatMetrics,
  type Lateness,
  type Recorder,
  relayMetrics,
  smpMetrics,
  type Statistics,
  type StoredCounts,
} from "./stats/mod.ts";
import type { QueueStatus, Store } from "./store/mod.ts";
import type { TlsListener } from "./transport/mod.ts";
import { VERSION } from "./version.ts";

/** Parts of a running relay that an owner asks about. */
export interface OwnerParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly store: Store;
  readonly smp: SmpServer;
  /** `undefined` when no files are kept. */
  readonly fileServer: FileServer | undefined;
  readonly listener: TlsListener;
  readonly health: Health;
  readonly statistics: Statistics;
  /** Counts of the store that may be a second old. */
  readonly stored: () => StoredCounts;
  readonly lateness: Lateness;
  /** How long groups of changes took to be on disk. */
  readonly commits: Durations;
  readonly recorder: Pick<Recorder, "save">;
  /** When the relay started: milliseconds since 1970. */
  readonly startedAt: number;
}

/** What the health of these parts is read from. */
export function healthSources(
  { config, identity, store, listener }: Omit<OwnerParts, "recorder">,
): HealthSources {
  return {
    identity,
    store,
    listener,
    maxConnections: config.limits.connections,
  };
}

/** Metrics of the relay for Prometheus, as text. */
export function metricsText(parts: Omit<OwnerParts, "recorder">): string {
  const { config, identity, smp, listener, health, statistics } = parts;
  const machine = machineUse(config.data.directory);
  const connections = listener.stats();
  const active = connections.open + connections.handshaking;
  const ports = new Set(listener.addresses.map(({ port }) => port));
  return formatMetrics([
    ...smpMetrics({
      statistics,
      stored: parts.stored(),
      server: smp.gauges(),
      sockets: [{
        port: [...ports].join(","),
        accepted: connections.accepted,
        closed: connections.accepted - active,
        active,
        leaked: 0,
      }],
      threads: machine.threads,
      version: VERSION,
    }),
    ...parts.fileServer === undefined
      ? []
      : fileMetrics({ ...parts.fileServer.metrics(), version: VERSION }),
    ...relayMetrics({
      startedAt: parts.startedAt / 1000,
      connections,
      bytesReceived: statistics.blocksReceived * BLOCK_SIZE,
      bytesSent: statistics.blocksSent * BLOCK_SIZE,
      lateness: parts.lateness.durations,
      commits: parts.commits,
      failedCommits: health.failedCommits,
      storeBytes: machine.storeBytes,
      diskFreeBytes: machine.diskFreeBytes,
      memoryBytes: machine.memoryBytes,
      certificateEnds: identity.validTo.getTime() / 1000,
      parts: health.parts(healthSources(parts)),
    }),
  ]);
}

/** What the control socket serves of these parts, but for its own state. */
export function ownerControl(
  parts: OwnerParts,
): Omit<
  ControlledRelay,
  | "addresses"
  | "reachedAddresses"
  | "parts"
  | "path"
  | "counts"
  | "webCertificate"
> {
  return {
    statistics: () => statisticsAnswer(parts),
    clients: () => parts.smp.clients(),
    information: () => serverInformation(parts.config),
    async save() {
      await parts.store.flush();
      await parts.recorder.save();
      await parts.fileServer?.recorder.save();
    },
    queues: queueControl(parts),
    files: parts.fileServer &&
      fileControl(parts.fileServer, () => refuseTooManyBlocks(parts)),
  };
}

function statisticsAnswer(
  { statistics, stored, fileServer }: OwnerParts,
): StatisticsAnswer {
  const { count, sum, max } = statistics.ackTimes;
  return {
    since: new Date(statistics.since).toISOString(),
    periodSince: new Date(statistics.from).toISOString(),
    total: statistics.counters.snapshot(),
    period: statistics.growth,
    activeQueues: statistics.activeQueues.estimates,
    activeQueuesNtf: statistics.activeQueuesNtf.estimates,
    stored: stored(),
    ackTimes: { count, sum, max },
    files: fileServer && fileStatistics(fileServer),
  };
}

function queueControl(parts: OwnerParts): QueueControl {
  const { smp } = parts;
  const overview = (id: Uint8Array) => {
    const queue = smp.queueStatus(id);
    return queue && queueAnswer(queue);
  };
  const changed = async (
    id: Uint8Array,
    change: () => Promise<
      { readonly before: QueueStatus; readonly after: QueueStatus } | undefined
    >,
  ): Promise<QueueChangeAnswer | undefined> => {
    const before = overview(id);
    if (before === undefined) return undefined;
    const statuses = await change();
    return statuses && {
      changed: JSON.stringify(statuses.before) !==
        JSON.stringify(statuses.after),
      before,
    };
  };
  return {
    status: overview,
    block(id, info) {
      refuseTooManyBlocks(parts);
      return changed(id, () => smp.blockQueue(id, blockingInfo(info)));
    },
    unblock: (id) => changed(id, () => smp.unblockQueue(id)),
    async delete(id) {
      const deleted = await smp.deleteQueue(id);
      return deleted && { deleted: true, messages: deleted.messages };
    },
  };
}

/** @throws {Refusal} when as many were blocked as may be */
function refuseTooManyBlocks(
  { statistics, fileServer, config }: OwnerParts,
): void {
  const { dailyBlocks } = config.limits;
  const blocked = statistics.growth.qBlocked +
    (fileServer?.statistics.growth.blockRequests ?? 0);
  if (dailyBlocks === 0 || blocked < dailyBlocks) return;
  throw new Refusal(
    "conflict",
    `${blocked} queues and files were blocked today, which is as many as ` +
      "limits.daily_blocks allows.",
  );
}

function queueAnswer(
  { status, mode, updatedDay }: QueueOverview,
): QueueAnswer {
  return {
    status: status.type,
    blocking: status.type === "blocked"
      ? blockingAnswer(status.info)
      : undefined,
    mode: mode && (mode === "M" ? "messaging" : "contact"),
    updated: updatedDay === undefined
      ? undefined
      : new Date(updatedDay * 86_400_000).toISOString().slice(0, 10),
  };
}
