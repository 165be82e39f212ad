/**
 * Moves a reference server's state into the data directory of a relay.
 *
 * Everything is written beside what is there, and put into place at the end:
 * the database first, the identity last. Where that was cut short the marker
 * tells, and the next import starts over.
 *
 * ```text
 * data/.import/          being written; removed by the next import
 * data/.import-unfinished  from before the database is put into place until
 *                        all is: fingerprint of the server, and a newline
 * data/before-import/    identity that was replaced
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { configTemplate } from "../../config/mod.ts";
import { syncDirectory, writeFileAtomic } from "../files.ts";
import {
  adoptIdentity,
  type Identity,
  identityPaths,
  loadIdentity,
} from "../identity/mod.ts";
import {
  listQueues,
  lockStore,
  openSqliteStore,
  STORE_FILE,
} from "../store/mod.ts";
import { COUNTER_NAMES, Statistics } from "../stats/mod.ts";
import { type Ini, parseIni } from "./ini.ts";
import {
  convertIni,
  type LeftSetting,
  STATS_BACKUP_FILE,
  type TakenSetting,
} from "./ini_settings.ts";
import { readMessages, readNotifications, readQueueLog } from "./read_state.ts";
import {
  INI_FILE,
  isFile,
  type ReferenceDirectories,
  STATE_FILES,
  unreadable,
} from "./reference_files.ts";
import { Findings, MigrateError } from "./report.ts";
import { Rehearsal } from "./rehearsal.ts";
import {
  refusedSettings,
  settingNames,
  settingsFile,
} from "./settings_file.ts";
import { parseStatsLog } from "./stats_log.ts";
import { type ImportCounts, StoreImport } from "./store_import.ts";

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

const STAGING = ".import";
const UNFINISHED = ".import-unfinished";
const OLD_IDENTITY = "before-import";

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
  const source = identityPaths(from.config);
  const identity = await loadIdentity(source);
  const findings = new Findings();
  const ini = await readIni(from, findings);
  const settings = await chooseSettings(ini, findings);
  if (!dryRun) await prepareDirectory(directory);
  using _lock = dryRun ? undefined : lockStore(directory);
  const current = await currentState(directory, identity);
  if (!options.intoExisting) refuseConflict(directory, current);
  const staging = join(directory, STAGING);
  const state = { directory: from.state, ini, findings };
  const counts = dryRun
    ? await readInto(new Rehearsal(), state)
    : await stage(staging, { state, keep: current.hasQueues && directory });
  const statistics = await readStatistics(from);
  const report: ImportReport = {
    ...counts,
    fingerprint: identity.fingerprintText,
    tookIdentity: current.identity !== identity.fingerprintText,
    oldIdentity: current.identity !== undefined &&
        current.identity !== identity.fingerprintText
      ? join(directory, OLD_IDENTITY)
      : undefined,
    counters: statistics?.counters ?? 0,
    settings: settings.taken,
    leftSettings: settings.left,
    wroteSettings: settings.taken.length === 0
      ? undefined
      : await settingsPlace(options.settingsFile),
    findings,
  };
  if (!dryRun) {
    await place(options, { report, staging, statistics: statistics?.text });
  }
  return report;
}

/** What stands in the data directory. */
interface CurrentState {
  /** Fingerprint of the identity; undefined where there is none. */
  readonly identity: string | undefined;
  readonly hasQueues: boolean;
  /** An import of this server was cut short. */
  readonly unfinished: boolean;
}

async function currentState(
  directory: string,
  source: Identity,
): Promise<CurrentState> {
  const marker = join(directory, UNFINISHED);
  const identity = await isFile(identityPaths(directory).ca)
    ? (await loadIdentity(directory)).fingerprintText
    : undefined;
  // With the identity in place nothing was missing but the marker's removal.
  const unfinished = identity !== source.fingerprintText &&
    await isFile(marker) &&
    (await Deno.readTextFile(marker)).trim() === source.fingerprintText;
  const database = join(directory, STORE_FILE);
  const hasQueues = !unfinished && await isFile(database) &&
    listQueues(database).next().done === false;
  return { identity, hasQueues, unfinished };
}

function refuseConflict(directory: string, current: CurrentState): void {
  const { identity, hasQueues } = current;
  if (identity === undefined && !hasQueues) return;
  const what = identity === undefined
    ? "queues"
    : hasQueues
    ? "an identity and queues"
    : "an identity";
  throw new MigrateError(
    `The relay in ${directory} has ${what} already. Nothing was changed. ` +
      "Choose another directory with --data DIRECTORY, or give " +
      "--into-existing: then its queues stay, and the server's identity " +
      "(its address) takes the place of the one that is there.",
  );
}

/** Makes the directory and lets SQLite finish what a crash left. */
async function prepareDirectory(directory: string): Promise<void> {
  if (await isFile(join(directory, STORE_FILE))) {
    const store = await openSqliteStore({ dir: directory });
    await store.stop();
  }
}

async function stage(
  staging: string,
  { state, keep }: {
    state: Parameters<typeof readQueueLog>[0];
    /** The directory whose database is added to. */
    keep: string | false;
  },
): Promise<ImportCounts> {
  await removeTree(staging);
  await Deno.mkdir(staging, { mode: 0o700 });
  try {
    if (keep !== false) {
      await Deno.copyFile(join(keep, STORE_FILE), join(staging, STORE_FILE));
    }
    await using store = await openSqliteStore({ dir: staging });
    return await readInto(store, state);
  } catch (error) {
    await removeTree(staging);
    throw error;
  }
}

async function readInto(
  store: ConstructorParameters<typeof StoreImport>[0],
  state: Parameters<typeof readQueueLog>[0],
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

async function place(
  { from, directory, settingsFile: settingsPath }: ImportOptions,
  { report, staging, statistics }: {
    report: ImportReport;
    staging: string;
    statistics: string | undefined;
  },
): Promise<void> {
  const marker = join(directory, UNFINISHED);
  await writeFileAtomic(marker, `${report.fingerprint}\n`, { mode: 0o600 });
  await Deno.rename(join(staging, STORE_FILE), join(directory, STORE_FILE));
  await syncDirectory(directory);
  if (statistics !== undefined) {
    const path = join(directory, STATS_BACKUP_FILE);
    await writeFileAtomic(path, statistics, { mode: 0o600 });
  }
  if (report.wroteSettings !== undefined) {
    await writeFileAtomic(
      report.wroteSettings,
      settingsFile(report.settings),
      { mode: 0o600 },
    );
  }
  if (report.oldIdentity !== undefined) {
    await keepIdentity(directory, report.oldIdentity);
  }
  if (report.tookIdentity) {
    await adoptIdentity(identityPaths(from.config), directory);
  }
  await Deno.remove(marker);
  await removeTree(staging);
  await giveToOwner(directory, settingsPath);
}

/** Copies the identity's files away. */
async function keepIdentity(directory: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  const targets = identityPaths(to);
  for (const [name, path] of Object.entries(identityPaths(directory))) {
    if (!await isFile(path)) continue;
    const target = targets[name as keyof typeof targets];
    await writeFileAtomic(target, await Deno.readFile(path), { mode: 0o600 });
  }
}

/** Imported as root, the files go to whom the data directory belongs. */
async function giveToOwner(
  directory: string,
  settingsPath: string,
): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(directory);
  if (!uid || gid === null) return;
  const own = async (path: string) => await Deno.chown(path, uid, gid);
  for await (const { name } of Deno.readDir(directory)) {
    await own(join(directory, name));
  }
  if (await isFile(settingsPath)) await own(settingsPath);
}

async function readIni(
  { config }: ReferenceDirectories,
  findings: Findings,
): Promise<Ini | undefined> {
  const path = join(config, INI_FILE);
  if (!await isFile(path)) {
    findings.note(`There is no ${path}, so no settings were taken.`);
    return undefined;
  }
  let ini: Ini;
  try {
    ini = parseIni(await Deno.readTextFile(path));
  } catch (cause) {
    throw unreadable(path, cause);
  }
  for (const line of ini.unreadable) {
    findings.problem({ file: INI_FILE, line, text: "it is not understood" });
  }
  return ini;
}

async function chooseSettings(ini: Ini | undefined, findings: Findings) {
  if (ini === undefined) return { taken: [], left: [] };
  const { taken, left } = convertIni(ini, settingNames());
  const refused = await refusedSettings(taken);
  for (const { entry: { line } } of refused) {
    const text = "its value is not allowed here";
    findings.problem({ file: INI_FILE, line, text });
  }
  return { taken: taken.filter((setting) => !refused.includes(setting)), left };
}

/** Settings that the owner wrote are not overwritten. */
async function settingsPlace(path: string): Promise<string> {
  if (!await isFile(path)) return path;
  const text = await Deno.readTextFile(path);
  return text === configTemplate()
    ? path
    : path.replace(/(\.toml)?$/, ".imported.toml");
}

async function readStatistics({ state }: ReferenceDirectories) {
  const path = join(state, STATE_FILES.stats);
  if (!await isFile(path)) return undefined;
  const { from, counters } = parseStatsLog(await Deno.readTextFile(path));
  const statistics = new Statistics(from);
  let count = 0;
  for (const name of COUNTER_NAMES) {
    const value = counters.get(name);
    if (value === undefined) continue;
    statistics.counters.add(name, value);
    count++;
  }
  return { counters: count, text: statistics.encode() };
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
