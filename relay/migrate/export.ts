/**
 * Writes what a relay holds as a reference server's files.
 *
 * @module
 */

import { join, resolve } from "node:path";
import type { Config } from "../../config/mod.ts";
import { randomBytes } from "../crypto/mod.ts";
import { syncDirectory, writeFileAtomic } from "../files.ts";
import { adoptIdentity, type IdentityPaths } from "../identity/mod.ts";
import { encryptNotificationMeta } from "../smp/mod.ts";
import {
  hasFiles,
  listQueues,
  listServices,
  openSqliteStore,
  type Store,
  STORE_FILE,
  type StoredQueue,
} from "../store/mod.ts";
import { formatIni } from "./export_ini.ts";
import { ID_SIZE } from "./fields.ts";
import { LogWriter } from "./log_writer.ts";
import { formatMessage, formatNotification } from "./message_log.ts";
import { INI_FILE, isFile, STATE_FILES } from "./reference_files.ts";
import { Findings, MigrateError } from "./report.ts";
import { formatQueue, formatService } from "./store_log.ts";

/** What to export, and where to. */
export interface ExportOptions {
  /** Settings of the relay, which must not be running. */
  readonly config: Config;
  /** The relay's identity. */
  readonly identity: IdentityPaths;
  /** Directory for the state; made where it is missing. */
  readonly state: string;
  /** Directory for settings and certificates; `state` unless given. */
  readonly settings?: string;
}

/** What was written. */
export interface ExportReport {
  readonly fingerprint: string;
  readonly services: number;
  readonly queues: number;
  readonly messages: number;
  readonly notifications: number;
  /** The two directories. */
  readonly state: string;
  readonly settings: string;
  readonly findings: Findings;
}

/** Messages a reference server keeps of a queue; more of them it drops. */
const REFERENCE_QUOTA = 128;

/**
 * Exports. The relay's own data stay as they are.
 *
 * @throws {MigrateError} where there is nothing to export, or a file in the way
 * @throws {IdentityError} when the certificates are damaged
 * @throws {StoreError} "locked" while the relay runs
 */
export async function exportState(
  options: ExportOptions,
): Promise<ExportReport> {
  const { directory } = options.config.data;
  const state = resolve(options.state);
  const settings = resolve(options.settings ?? options.state);
  if (!await isFile(join(directory, STORE_FILE))) {
    throw new MigrateError(
      `There is no relay in ${directory}: nothing to export. Give its data ` +
        "directory with --data DIRECTORY",
    );
  }
  await makeDirectories([state, settings]);
  await refuseOverwriting(state, settings);
  await using store = await openSqliteStore({ dir: directory });
  const written = await writeState(store, {
    database: join(directory, STORE_FILE),
    state,
  });
  const ini = formatIni(options.config);
  await writeFileAtomic(join(settings, INI_FILE), ini, { mode: 0o600 });
  const identity = await adoptIdentity(options.identity, settings);
  return {
    ...written,
    fingerprint: identity.fingerprintText,
    state,
    settings,
  };
}

async function makeDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : cause;
      throw new MigrateError(`Cannot make ${path}: ${reason}`, { cause });
    }
  }
}

async function refuseOverwriting(
  state: string,
  settings: string,
): Promise<void> {
  const targets = [
    ...Object.values(STATE_FILES).map((name) => join(state, name)),
    ...[INI_FILE, "ca.crt", "ca.key", "server.crt", "server.key"]
      .map((name) => join(settings, name)),
  ];
  for (const path of targets) {
    const there = await Deno.lstat(path).then(() => true, () => false);
    if (!there) continue;
    throw new MigrateError(
      `There is ${path} already. Nothing was written: choose an empty ` +
        "directory.",
    );
  }
}

async function writeState(
  store: Store,
  { database, state }: { database: string; state: string },
): Promise<Omit<ExportReport, "fingerprint" | "state" | "settings">> {
  const findings = new Findings();
  const counts = { services: 0, queues: 0, messages: 0, notifications: 0 };
  using queueLog = new LogWriter(join(state, STATE_FILES.queues));
  using messageLog = new LogWriter(join(state, STATE_FILES.messages));
  using notificationLog = new LogWriter(join(state, STATE_FILES.notifications));
  for (const service of listServices(database)) {
    queueLog.write(formatService(service));
    counts.services++;
  }
  const exporter = { store, findings, counts };
  for (const queue of listQueues(database)) {
    const { link } = queue.record;
    const unreadable = link &&
      Math.min(link.fixed.length, link.user.length) < 1;
    if (unreadable) {
      findings.note(
        "The data of a short link are empty, which the server cannot read: " +
          "its queue was written without it.",
      );
    }
    const record = unreadable
      ? { ...queue.record, link: undefined }
      : queue.record;
    for (const line of formatQueue(record)) queueLog.write(line);
    counts.queues++;
    writeMessages(queue, { ...exporter, log: messageLog });
    writeNotifications(queue, { ...exporter, log: notificationLog });
  }
  if (hasFiles(database)) {
    findings.note(
      "The relay keeps files, too. They are not in what was written: an " +
        "smp-server knows nothing of them.",
    );
  }
  for (const log of [messageLog, notificationLog, queueLog]) log.finish();
  await syncDirectory(state);
  return { ...counts, findings };
}

interface Exporter {
  readonly store: Store;
  readonly findings: Findings;
  readonly counts: { messages: number; notifications: number };
  readonly log: LogWriter;
}

function writeMessages(
  { key, record }: StoredQueue,
  { store, findings, counts, log }: Exporter,
): void {
  const messages = store.messages(key);
  if (messages.filter(({ quota }) => !quota).length > REFERENCE_QUOTA) {
    findings.note(
      `A queue has more than ${REFERENCE_QUOTA} messages: the server will ` +
        "take only so many. Let its recipient fetch some first.",
    );
  }
  for (const meta of messages) {
    const body = store.messageBody(meta.seq) ?? new Uint8Array();
    if (!meta.quota && body.length === 0) {
      findings.note(
        "A message is empty, which the server cannot read: it was left out.",
      );
      continue;
    }
    log.write(formatMessage(record.recipientId, { ...meta, body }));
    counts.messages++;
  }
}

function writeNotifications(
  { key, record: { notifier } }: StoredQueue,
  { store, counts, log }: Exporter,
): void {
  if (notifier === undefined) return;
  for (const { messageId, time } of store.notifications(key)) {
    const nonce = randomBytes(ID_SIZE);
    const metadata = encryptNotificationMeta({ messageId, time }, {
      secret: notifier.dhSecret,
      nonce,
    });
    log.write(formatNotification({
      notifierId: notifier.id,
      messageId,
      time,
      nonce,
      metadata,
    }));
    counts.notifications++;
  }
}
