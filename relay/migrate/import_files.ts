/**
 * Moves the state of a reference XFTP server into the data directory of a
 * relay: files with their recipients, and their contents.
 *
 * A relay has one address. So files come into a new relay, which takes the
 * server's identity, or into one that has this identity already.
 *
 * The contents are put into the relay's folder first, one after the other; an
 * import that was cut short finds them there. A relay that is started meanwhile
 * removes them, as nothing in its database needs them.
 *
 * @module
 */

import { join } from "node:path";
import { type Identity, identityPaths, loadIdentity } from "../identity/mod.ts";
import { besidePath, FileTotals } from "../stats/mod.ts";
import {
  lockStore,
  openSqliteStore,
  type Store,
  STORE_FILE,
} from "../store/mod.ts";
import { equalBytes } from "../wire/mod.ts";
import { FILE_COUNTERS } from "../xftp/server/statistics.ts";
import { type BookFile, FileBook } from "./file_book.ts";
import {
  checkRoom,
  closeFolder,
  findContent,
  hasContent,
  openFolder,
  takeContent,
} from "./file_contents.ts";
import { FILE_DIALECT } from "./file_ini_settings.ts";
import { FILE_LINE_MAX, parseFileLogLine } from "./file_log.ts";
import type { ImportOptions } from "./import.ts";
import {
  chooseSettings,
  readIni,
  readStatistics,
  settingsPlace,
} from "./import_settings.ts";
import { type Ini, iniValue } from "./ini.ts";
import {
  type LeftSetting,
  STATS_BACKUP_FILE,
  type TakenSetting,
} from "./ini_settings.ts";
import { forEachRecord } from "./read_state.ts";
import {
  FILE_INI_FILE,
  FILE_STATE_FILES,
  isFile,
  type ReferenceDirectories,
} from "./reference_files.ts";
import { Findings, MigrateError } from "./report.ts";
import { settingsFile } from "./settings_file.ts";
import {
  type CurrentState,
  currentState,
  place,
  prepareDirectory,
  removeTree,
  STAGING,
} from "./target.ts";

/** What to import, and where to. */
export interface FileImportOptions extends Omit<ImportOptions, "intoExisting"> {
  /** Folder of the relay's contents. */
  readonly contents: string;
  /** Where the server's contents are now, if not where its log says. */
  readonly filesDirectory?: string;
}

/** What was written. */
export interface FileImportCounts {
  files: number;
  recipients: number;
  /** Of the files, those with their content, and its size in bytes. */
  uploaded: number;
  bytes: number;
  /** Of the files, those that are blocked. */
  blocked: number;
  /** Files that the relay had before. */
  known: number;
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

/** Recipients in one change of the database. */
const RECIPIENTS_AT_A_TIME = 1000;
/** Files between two waits for the disk. */
const FILES_AT_A_TIME = 1000;

/** A file of the log, and where its content is, if anywhere. */
interface PlannedFile extends BookFile {
  source: string | undefined;
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
  const files = plan(book, { options, ini, findings });
  checkRoom(contents, missingBytes(files, contents));
  let counts: FileImportCounts;
  if (dryRun) counts = rehearse(files);
  else {
    await takeContents(files, { options, findings });
    counts = await stage(files, { directory, keep: current.hasData, findings });
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

async function readFileLog(
  { state }: ReferenceDirectories,
  { ini, findings }: { ini: Ini | undefined; findings: Findings },
): Promise<FileBook> {
  let file: string = FILE_STATE_FILES.files;
  // It is there when the server was interrupted while it wrote the log anew.
  if (await isFile(join(state, `${file}.start`))) {
    file = `${file}.start`;
    findings.note(
      `The server was interrupted at its last start: ${file} was read, ` +
        "as the server would have done.",
    );
  }
  if (!await isFile(join(state, file))) {
    const inDatabase = ini !== undefined &&
      iniValue(ini, "STORE_LOG", "store_files") === "database";
    throw new MigrateError(
      `There is no ${file} in ${state}. ` +
        (inDatabase
          ? "The server keeps its files in PostgreSQL: write them to the file " +
            'first, with "xftp-server database export".'
          : "It has the server's files: give the directory where it is, " +
            "mostly /var/opt/simplex-xftp."),
    );
  }
  const book = new FileBook();
  const source = { directory: state, findings };
  forEachRecord(source, { file, maxLength: FILE_LINE_MAX }, (text, line) => {
    const fault = book.add(parseFileLogLine(text), line);
    if (fault !== undefined) findings.problem({ file, line, text: fault });
  });
  return book;
}

/** Looks where the contents are. */
function plan(
  book: FileBook,
  { options: { from, filesDirectory }, ini, findings }: {
    options: FileImportOptions;
    ini: Ini | undefined;
    findings: Findings;
  },
): PlannedFile[] {
  const configured = ini && iniValue(ini, "FILES", "path");
  const directories = filesDirectory !== undefined
    ? [filesDirectory]
    : [...configured ? [configured] : [], join(from.state, "files")];
  return Array.from(book.files(), (file): PlannedFile => {
    if (file.path === undefined) return { ...file, source: undefined };
    const found = findContent(file.path, { facts: file.file, directories });
    if ("path" in found) return { ...file, source: found.path };
    tellFault(file, { text: found.fault, findings });
    return { ...file, source: undefined };
  });
}

function tellFault(
  { line }: BookFile,
  { text, findings }: { text: string; findings: Findings },
): void {
  const file = FILE_STATE_FILES.files;
  findings.problem({ file, line, text });
}

/** Bytes of the contents that are not in the relay's folder yet. */
function missingBytes(files: readonly PlannedFile[], folder: string): number {
  let bytes = 0;
  for (const { source, file } of files) {
    if (source !== undefined && !hasContent(folder, file)) bytes += file.size;
  }
  return bytes;
}

async function takeContents(
  files: readonly PlannedFile[],
  { options: { contents: folder, directory }, findings }: {
    options: FileImportOptions;
    findings: Findings;
  },
): Promise<void> {
  await openFolder(folder);
  for (const planned of files) {
    const { source, file } = planned;
    if (source === undefined) continue;
    if (takeContent(source, { facts: file, folder }) === "taken") continue;
    planned.source = undefined;
    const text = "the content of its file is damaged";
    tellFault(planned, { text, findings });
  }
  await closeFolder(folder, await ownerOf(directory));
}

/** Imported as root, contents go to whom the data directory belongs. */
async function ownerOf(directory: string) {
  if (Deno.uid() !== 0) return undefined;
  const { uid, gid } = await Deno.stat(directory);
  return uid === null || gid === null ? undefined : { uid, gid };
}

function rehearse(files: readonly PlannedFile[]): FileImportCounts {
  const counts = noCounts();
  for (const file of files) count(counts, file);
  return counts;
}

async function stage(
  files: readonly PlannedFile[],
  { directory, keep, findings }: {
    directory: string;
    /** Whether to add to the database that is there. */
    keep: boolean;
    findings: Findings;
  },
): Promise<FileImportCounts> {
  const staging = join(directory, STAGING);
  await removeTree(staging);
  await Deno.mkdir(staging, { mode: 0o700 });
  try {
    if (keep) {
      const database = join(directory, STORE_FILE);
      await Deno.copyFile(database, join(staging, STORE_FILE));
    }
    await using store = await openSqliteStore({ dir: staging });
    return await addFiles(store, { files, findings });
  } catch (error) {
    await removeTree(staging);
    throw error;
  }
}

async function addFiles(
  store: Store,
  { files, findings }: {
    files: readonly PlannedFile[];
    findings: Findings;
  },
): Promise<FileImportCounts> {
  const counts = noCounts();
  let failure: Error | undefined;
  store.onFailure = (error) => failure ??= error;
  for (let at = 0; at < files.length; at += FILES_AT_A_TIME) {
    for (const file of files.slice(at, at + FILES_AT_A_TIME)) {
      const known = store.files.find(file.file.senderId);
      if (known === undefined) {
        addFile(store, file);
        count(counts, file);
      } else if (!equalBytes(known.senderKey, file.file.senderKey)) {
        const text = "it makes a file with an ID that is taken here";
        tellFault(file, { text, findings });
      } else {
        counts.known++;
        // Its content was missing at the import before.
        const { senderId } = known;
        const found = !known.uploaded && file.source !== undefined &&
          known.status.type === "active" &&
          equalBytes(known.digest, file.file.digest);
        if (found) {
          store.write({ type: "setFileUploaded", senderId, uploaded: true });
        }
      }
    }
    await store.flush();
    if (failure !== undefined) throw failure;
    if (!store.hasRoom) {
      throw new MigrateError(
        "The disk is nearly full. Make room and start the import again; it " +
          "goes on where it was.",
      );
    }
  }
  return counts;
}

function addFile(store: Store, planned: PlannedFile): void {
  const { file, status, source, recipients } = planned;
  const { senderId } = file;
  store.write({
    type: "addFile",
    file: { ...file, status, uploaded: source !== undefined },
    recipients: recipients.slice(0, RECIPIENTS_AT_A_TIME),
  });
  for (
    let at = RECIPIENTS_AT_A_TIME;
    at < recipients.length;
    at += RECIPIENTS_AT_A_TIME
  ) {
    const more = recipients.slice(at, at + RECIPIENTS_AT_A_TIME);
    store.write({ type: "addFileRecipients", senderId, recipients: more });
  }
}

function noCounts(): FileImportCounts {
  return {
    files: 0,
    recipients: 0,
    uploaded: 0,
    bytes: 0,
    blocked: 0,
    known: 0,
  };
}

function count(
  counts: FileImportCounts,
  { source, file, status, recipients }: PlannedFile,
): void {
  counts.files++;
  counts.recipients += recipients.length;
  if (status.type === "blocked") counts.blocked++;
  if (source === undefined) return;
  counts.uploaded++;
  counts.bytes += file.size;
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
