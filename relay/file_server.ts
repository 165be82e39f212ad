/**
 * The part of the relay that keeps files, made from its settings.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import type { PartStatus } from "./control/mod.ts";
import type { Health } from "./health.ts";
import type { Identity } from "./identity/mod.ts";
import type { Log } from "./log.ts";
import { answerStream, type Pages } from "./pages/mod.ts";
import type { ShareGate } from "./smp/mod.ts";
import { type Store, StoreError } from "./store/mod.ts";
import {
  type FileMetricsSource,
  FileRecorder,
  type FileRecorderPart,
  FileTotals,
} from "./stats/mod.ts";
import { type XftpOptions, XftpServer } from "./xftp/server/mod.ts";
import {
  type DiskFileStore,
  openDiskFileStore,
  type Reconciliation,
} from "./xftp/store/mod.ts";

/** What files are kept with. */
export interface FileServerParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly store: Store;
  readonly log: Log;
  /** Told what does not work. */
  readonly health: Pick<Health, "report" | "set" | "add">;
  /** What the owner gives to others. */
  readonly share?: ShareGate;
  /** What browsers are shown. */
  readonly pages?: Pages;
}

/** The files, and who serves them. */
export interface FileServer {
  readonly files: DiskFileStore;
  readonly server: XftpServer;
  readonly statistics: FileTotals;
  readonly recorder: Pick<FileRecorder, "save">;
  /** What the metrics are read from. */
  metrics(): Omit<FileMetricsSource, "version">;
}

/** Opens the files and starts the server; both end with `started`. */
export async function startFileServer(
  parts: FileServerParts,
  started: AsyncDisposableStack,
): Promise<FileServer> {
  const { config, identity, store, health, pages } = parts;
  const onError = (error: unknown) => health.report(error);
  const statistics = new FileTotals();
  const files = started.use(
    await openDiskFileStore({
      store,
      directory: config.xftp.directory ||
        join(config.data.directory, "files"),
      quota: config.xftp.storageQuotaBytes,
      reservationMs: 3 * config.xftp.uploadTimeoutMs,
      onError: (error) => onError(isDiskFull(error) ? fullDisk(error) : error),
    }),
  );
  tellReconciliation(parts.log, files.reconciliation);
  health.add(() => unknownContents(files));
  // It stops after the server, whose last counts it saves.
  const recorder = started.use(
    new FileRecorder({
      ...config.stats,
      statistics,
      stored: () => files.counts(),
      onState: (part, error) => health.set(part, problemOf(part, error)),
    }),
  );
  await recorder.start();
  const server = started.use(
    new XftpServer({
      identity,
      files,
      statistics,
      options: { ...xftpOptions(config), share: parts.share },
      answerPage: pages && ((stream) => answerStream(stream, pages)),
      onError,
    }),
  );
  await server.start();
  return {
    files,
    server,
    statistics,
    recorder,
    metrics: () => ({
      counters: statistics.snapshot(),
      stored: files.counts(),
      downloaded: statistics.downloaded.estimates,
    }),
  };
}

/** Speaks of contents that another database seems to know. */
function unknownContents(
  { unknown: { contents, bytes } }: DiskFileStore,
): PartStatus | undefined {
  if (contents === 0) return undefined;
  const size = (bytes / 1e6).toFixed(0);
  return {
    name: "file contents",
    state: "degraded",
    reason: `${contents} contents of files (${size} MB) are in the folder, ` +
      "and the database knows nothing of them, so that nobody can fetch them. " +
      "The data directory may be a wrong one, or an old backup.",
    remedy: "Stop the relay and give it the database that belongs to them. " +
      "If there is none, delete them, or leave them: each one is removed when " +
      "its file would have expired.",
  };
}

/** What does not work, in words; nothing where it does. */
function problemOf(part: FileRecorderPart, error: unknown) {
  if (error === undefined) return undefined;
  const why = error instanceof Error ? error.message : String(error);
  const [reason, setting] = part === "file statistics"
    ? ["Statistics of files cannot be kept over a restart", "backup_file"]
    : ["The daily statistics of files cannot be written", "daily_file"];
  return {
    reason: `${reason}: ${why}`,
    remedy: `Look at stats.${setting} in porchlight.toml: files have one ` +
      'beside it, with "-files" in its name.',
  };
}

/** ENOSPC and EDQUOT, for which Deno has no class of its own. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /os error (28|122)/.test(error.message);
}

function fullDisk(cause: unknown): StoreError {
  return new StoreError(
    "full",
    "The disk is full, so the relay cannot take in files. Free some space; the relay goes on by itself.",
    { cause },
  );
}

function tellReconciliation(log: Log, removed: Reconciliation): void {
  const { temporary, orphans, found, lost, unknown } = removed;
  if (temporary + orphans > 0) {
    log.info(
      `Removed what the last run left behind: ${temporary} uploads that were cut off and ${orphans} contents that no file needs`,
    );
  }
  if (found > 0) {
    log.info(`The contents of ${found} files are there again`);
  }
  if (unknown > 0) {
    log.warn(
      `The database knows nothing of ${unknown} contents of files, which stay until they would have expired. Is it the right one?`,
    );
  }
  if (lost > 0) {
    log.warn(
      `The contents of ${lost} files are gone or cut short. They cannot be fetched until their senders send them again; check the disk, it may be failing.`,
    );
  }
}

function xftpOptions({ xftp, clients, tls, acme }: Config): XftpOptions {
  return {
    versions: { min: xftp.minVersion, max: xftp.maxVersion },
    newFiles: xftp.newFiles,
    createPassword: xftp.createPassword === ""
      ? undefined
      : new TextEncoder().encode(xftp.createPassword),
    chunkSizes: xftp.chunkSizesBytes,
    fileTtlSeconds: xftp.fileExpirySeconds ?? undefined,
    fileExpiryCheckMs: xftp.fileExpiryCheckMs,
    uploadTimeoutMs: xftp.uploadTimeoutMs,
    downloadStallMs: xftp.downloadStallMs,
    handshakeTimeoutMs: xftp.handshakeTimeoutMs,
    inactiveAfterMs: clients.disconnectInactive
      ? clients.inactiveAfterMs
      : undefined,
    inactiveCheckMs: clients.inactiveCheckMs,
    requestsPerConnection: xftp.requestsPerConnection,
    transfers: xftp.transfers,
    browsers: tls.webCertificate !== "" || acme.enabled,
  };
}
