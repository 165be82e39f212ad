/**
 * The part of the relay that keeps files, made from its settings.
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import type { Identity } from "./identity/mod.ts";
import type { Log } from "./log.ts";
import { type Store, StoreError } from "./store/mod.ts";
import { ActiveQueues, type FileMetricsSource } from "./stats/mod.ts";
import { XftpCounts, type XftpOptions, XftpServer } from "./xftp/server/mod.ts";
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
  readonly onError: (error: unknown) => void;
}

/** The files, and who serves them. */
export interface FileServer {
  readonly files: DiskFileStore;
  readonly server: XftpServer;
  /** What the metrics are read from. */
  metrics(): Omit<FileMetricsSource, "version">;
}

/** Opens the files and starts the server; both end with `started`. */
export async function startFileServer(
  parts: FileServerParts,
  started: AsyncDisposableStack,
): Promise<FileServer> {
  const { config, identity, store, onError } = parts;
  const statistics = new XftpCounts();
  const downloaded = new ActiveQueues();
  statistics.onDownload = (senderId) => downloaded.add(senderId);
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
  const server = started.use(
    new XftpServer({
      identity,
      files,
      statistics,
      options: xftpOptions(config),
      onError,
    }),
  );
  await server.start();
  return {
    files,
    server,
    metrics: () => ({
      counters: statistics.snapshot(),
      stored: files.counts(),
      downloaded: downloaded.estimates,
    }),
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
  const { temporary, orphans, lost } = removed;
  if (temporary + orphans > 0) {
    log.info(
      `Removed what the last run left behind: ${temporary} uploads that were cut off and ${orphans} contents that no file needs`,
    );
  }
  if (lost > 0) {
    log.warn(
      `The contents of ${lost} files are gone or cut short. They cannot be fetched until their senders send them again; check the disk, it may be failing.`,
    );
  }
}

function xftpOptions({ xftp, clients, tls }: Config): XftpOptions {
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
    browsers: tls.webCertificate !== "",
  };
}
