/**
 * Moves the state of a reference XFTP server into the data directory of a
 * relay: files with their recipients, and their contents.
 *
 * A relay has one address. So files come into a new relay, which takes the
 * server's identity, or into one that has this identity already.
 *
 * The contents are put into the relay's folder first, one after the other; an
 * import that was cut short finds them there. A relay that is started meanwhile
 * leaves them alone, until they would have expired.
 *
 * @module
 */

import { join } from "node:path";
import { type Identity, identityPaths, loadIdentity } from "../identity/mod.ts";
import { besidePath, FileTotals } from "../stats/mod.ts";
import { lockStore } from "../store/mod.ts";
import { FILE_COUNTERS } from "../xftp/server/statistics.ts";
import { checkRoom } from "./file_contents.ts";
import { FILE_DIALECT } from "./file_ini_settings.ts";
import {
  missingBytes,
  planFiles,
  readFileLog,
  takeContents,
} from "./file_plan.ts";
import {
  type FileImportCounts,
  rehearseFiles,
  stageFiles,
} from "./file_rows.ts";
import type { ImportOptions } from "./import.ts";
import {
  chooseSettings,
  readIni,
  readStatistics,
  settingsPlace,
} from "./import_settings.ts";
import {
  type LeftSetting,
  STATS_BACKUP_FILE,
  type TakenSetting,
} from "./ini_settings.ts";
import { FILE_INI_FILE, FILE_STATE_FILES } from "./reference_files.ts";
import { Findings, MigrateError } from "./report.ts";
import { settingsFile } from "./settings_file.ts";
import {
  type CurrentState,
  currentState,
  place,
  prepareDirectory,
} from "./target.ts";

/** What to import, and where to. */
export interface FileImportOptions extends Omit<ImportOptions, "intoExisting"> {
  /** Folder of the relay's contents. */
  readonly contents: string;
  /** Where the server's contents are now, if not where its log says. */
  readonly filesDirectory?: string;
}

/** What was done, or with `dryRun` would be. */
export interface FileImportReport extends Readonly<FileImportCounts> {
  readonly fingerprint: string;
  /** False where the relay had the same identity before. */
  readonly tookIdentity: boolean;
  /** Number of counters of the statistics. */
  readonly counters: number;
  readonly settings: readonly TakenSetting[];
  readonly leftSettings: readonly LeftSetting[];
  /** Where the settings were written; undefined where there were none. */
  readonly wroteSettings: string | undefined;
  readonly findings: Findings;
}

/**
 * Imports. The source is only read. When this rejects, the relay is as it was,
 * or the next import goes on.
 *
 * @throws {MigrateError} when it cannot be done; the message says what to do
 * @throws {IdentityError} when the server's certificates are damaged
 * @throws {StoreError} when the database cannot be written, or is in use
 */
export async function importFiles(
  options: FileImportOptions,
): Promise<FileImportReport> {
  const { from, directory, contents, dryRun = false } = options;
  const identity = await loadIdentity(identityPaths(from.config));
  const findings = new Findings();
  const ini = await readIni(from, findings, { file: FILE_INI_FILE });
  const settings = await chooseSettings(ini, findings, {
    file: FILE_INI_FILE,
    dialect: FILE_DIALECT,
  });
  settings.taken.push(...placeOfContents(options, settings.taken));
  if (!dryRun) await prepareDirectory(directory);
  using _lock = dryRun ? undefined : lockStore(directory);
  const current = await currentState(directory, identity);
  refuseOther(directory, { current, identity });
  const book = await readFileLog(from, { ini, findings });
  const files = planFiles(book, { options, ini, findings });
  checkRoom(contents, missingBytes(files, contents));
  let counts: FileImportCounts;
  if (dryRun) counts = rehearseFiles(files);
  else {
    await takeContents(files, { options, findings });
    counts = await stageFiles(files, {
      directory,
      keep: current.hasData,
      findings,
    });
  }
  const statisticsFile = join(directory, besidePath(STATS_BACKUP_FILE));
  const statistics = await chooseStatistics(
    join(from.state, FILE_STATE_FILES.stats),
    statisticsFile,
    { settings: settings.taken, findings },
  );
  const wroteSettings = settings.taken.length === 0
    ? undefined
    : await settingsPlace(options.settingsFile);
  if (!dryRun) {
    const texts = new Map<string, string>();
    if (statistics !== undefined) texts.set(statisticsFile, statistics.text);
    if (wroteSettings !== undefined) {
      texts.set(wroteSettings, settingsFile(settings.taken));
    }
    await place(directory, {
      current,
      identity,
      identityDirectory: from.config,
      files: texts,
    });
  }
  return {
    ...counts,
    fingerprint: identity.fingerprintText,
    tookIdentity: current.identity !== identity.fingerprintText,
    counters: statistics?.counters ?? 0,
    settings: settings.taken,
    leftSettings: settings.left,
    wroteSettings,
    findings,
  };
}

/** The setting that says where the contents are, if they are not as usual. */
function placeOfContents(
  { contents, directory }: FileImportOptions,
  taken: readonly TakenSetting[],
): TakenSetting[] {
  const path = taken.find(({ name }) => name === "xftp.enabled");
  if (path === undefined || contents === join(directory, "files")) return [];
  return [{ name: "xftp.directory", value: contents, entry: path.entry }];
}

function refuseOther(
  directory: string,
  { current, identity }: { current: CurrentState; identity: Identity },
): void {
  if (current.identity === identity.fingerprintText) return;
  if (current.identity === undefined && !current.hasData) return;
  throw new MigrateError(
    `The relay in ${directory} has another identity than this server, and a ` +
      "relay has one address only. Nothing was changed. The files cannot be " +
      "reached under another address, so give them a relay of their own, on " +
      "another port: --data DIRECTORY",
  );
}

/** The server's statistics in the relay's form, with the number of counters. */
async function chooseStatistics(
  path: string,
  target: string,
  options: { settings: readonly TakenSetting[]; findings: Findings },
) {
  const logged = await readStatistics({ path, target }, options);
  if (logged === undefined) return undefined;
  const totals = new FileTotals(logged.from);
  let counters = 0;
  for (const name of FILE_COUNTERS) {
    const value = logged.counters.get(name);
    if (value === undefined) continue;
    totals.add(name, value);
    counters++;
  }
  return { counters, text: totals.encode() };
}
