/**
 * Moves a reference server's state into the data directory of a relay.
 *
 * @module
 */

import { join } from "node:path";
import { identityPaths, loadIdentity } from "../identity/mod.ts";
import { lockStore, openSqliteStore, STORE_FILE } from "../store/mod.ts";
import {
  chooseSettings,
  chooseStatistics,
  readIni,
  settingsPlace,
} from "./import_settings.ts";
import {
  type LeftSetting,
  STATS_BACKUP_FILE,
  type TakenSetting,
} from "./ini_settings.ts";
import {
  readMessages,
  readNotifications,
  readQueueLog,
  type StateSource,
} from "./read_state.ts";
import { type ReferenceDirectories, STATE_FILES } from "./reference_files.ts";
import { Rehearsal } from "./rehearsal.ts";
import { Findings } from "./report.ts";
import { settingsFile } from "./settings_file.ts";
import {
  type ImportCounts,
  type ImportStore,
  StoreImport,
} from "./store_import.ts";
import {
  currentState,
  place,
  prepareDirectory,
  refuseConflict,
  removeTree,
  replacedIdentity,
  STAGING,
} from "./target.ts";

/** What to import, and where to. */
export interface ImportOptions {
  readonly from: ReferenceDirectories;
  /** The relay's data directory; made where it is missing. */
  readonly directory: string;
  /** Where `porchlight.toml` is, or is to be. */
  readonly settingsFile: string;
  /** Also where another identity or queues are. */
  readonly intoExisting?: boolean;
  /** Only look. */
  readonly dryRun?: boolean;
}

/** What was done, or with `dryRun` would be. */
export interface ImportReport extends Readonly<ImportCounts> {
  readonly fingerprint: string;
  /** False where the relay had the same identity before. */
  readonly tookIdentity: boolean;
  /** The directory with the identity that was replaced. */
  readonly oldIdentity: string | undefined;
  /** Number of counters of the statistics. */
  readonly counters: number;
  readonly settings: readonly TakenSetting[];
  readonly leftSettings: readonly LeftSetting[];
  /** Where the settings were written; undefined where there were none. */
  readonly wroteSettings: string | undefined;
  readonly findings: Findings;
}

/**
 * Imports. The source is only read. When this rejects, the data directory is
 * as it was, or holds an import that the next one starts over.
 *
 * @throws {MigrateError} when it cannot be done; the message says what to do
 * @throws {IdentityError} when the server's certificates are damaged
 * @throws {StoreError} when the database cannot be written, or is in use
 */
export async function importState(
  options: ImportOptions,
): Promise<ImportReport> {
  const { from, directory, dryRun = false } = options;
  const identity = await loadIdentity(identityPaths(from.config));
  const findings = new Findings();
  const ini = await readIni(from, findings);
  const settings = await chooseSettings(ini, findings);
  if (!dryRun) await prepareDirectory(directory);
  using _lock = dryRun ? undefined : lockStore(directory);
  const current = await currentState(directory, identity);
  if (!options.intoExisting) refuseConflict(directory, current);
  const state = { directory: from.state, ini, findings };
  const counts = dryRun
    ? await readInto(new Rehearsal(), state)
    : await stage(directory, { state, keep: current.hasData });
  const statistics = await chooseStatistics({ from, directory }, {
    settings: settings.taken,
    findings,
  });
  const wroteSettings = settings.taken.length === 0
    ? undefined
    : await settingsPlace(options.settingsFile);
  if (!dryRun) {
    const files = new Map<string, string>();
    if (statistics !== undefined) {
      files.set(join(directory, STATS_BACKUP_FILE), statistics.text);
    }
    if (wroteSettings !== undefined) {
      files.set(wroteSettings, settingsFile(settings.taken));
    }
    const identityDirectory = from.config;
    await place(directory, { current, identity, identityDirectory, files });
  }
  return {
    ...counts,
    fingerprint: identity.fingerprintText,
    tookIdentity: current.identity !== identity.fingerprintText,
    oldIdentity: replacedIdentity(directory, { current, identity }),
    counters: statistics?.counters ?? 0,
    settings: settings.taken,
    leftSettings: settings.left,
    wroteSettings,
    findings,
  };
}

async function stage(
  directory: string,
  { state, keep }: {
    state: StateSource;
    /** Whether to add to the database that is there. */
    keep: boolean;
  },
): Promise<ImportCounts> {
  const staging = join(directory, STAGING);
  await removeTree(staging);
  await Deno.mkdir(staging, { mode: 0o700 });
  try {
    if (keep) {
      const database = join(directory, STORE_FILE);
      await Deno.copyFile(database, join(staging, STORE_FILE));
    }
    await using store = await openSqliteStore({ dir: staging });
    return await readInto(store, state);
  } catch (error) {
    await removeTree(staging);
    throw error;
  }
}

async function readInto(
  store: ImportStore,
  state: StateSource,
): Promise<ImportCounts> {
  const book = await readQueueLog(state);
  const into = new StoreImport(store);
  const file = STATE_FILES.queues;
  for (const service of book.services()) {
    const text = into.addService(service);
    if (text !== undefined) state.findings.problem({ file, text });
  }
  for (const { record, line } of book.queues()) {
    const text = into.addQueue(record);
    if (text !== undefined) state.findings.problem({ file, line, text });
    await into.breathe();
  }
  await readNotifications(state, { book, into });
  await readMessages(state, { book, into });
  await into.finish();
  return into.counts;
}
