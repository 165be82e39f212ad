/**
 * Makes a backup of a relay, running or not.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Config } from "../config/mod.ts";
import { configuredIdentity } from "../relay/configured_identity.ts";
import { syncDirectory } from "../relay/files.ts";
import { STORE_FILE, STORE_VERSION } from "../relay/store/mod.ts";
import { VERSION } from "../relay/version.ts";
import { type Contents, contentsOf, filesBelow } from "./contents.ts";
import { BackupError } from "./error.ts";
import {
  type BackupHeader,
  DATA_PREFIX,
  FORMAT,
  HEADER_NAME,
  isBackupName,
  MANIFEST_NAME,
  type ManifestFile,
} from "./format.ts";
import { keyProblem, lock, type LockingKeys } from "./keys.ts";
import { copyDatabase } from "./snapshot.ts";
import { tarEnd, tarHeader, tarPadding } from "./tar.ts";

/** How a backup is made. */
export interface WriteBackupOptions {
  readonly config: Config;
  /** Where the settings are. */
  readonly settingsFile: string;
  /** The file to write. */
  readonly target: string;
  readonly keys: LockingKeys;
  /** Also what waits for its recipients; those files can be large. */
  readonly withFiles?: boolean;
  /** Replace a file that is there. */
  readonly overwrite?: boolean;
  /** Told of each piece that was written, in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

/** What a backup holds. */
export interface BackupReport {
  readonly target: string;
  readonly fingerprint: string;
  /** Size of the backup. */
  readonly bytes: number;
  readonly entries: number;
  readonly withFiles: boolean;
  readonly notes: readonly string[];
}

/** Directories where databases are copied to, in the data directory. */
const SCRATCH = ".backup-";
/** One that old was left by a process that was killed, in ms. */
const STALE_MS = 86_400_000;
/** Stays free on the disk beside the copy, in bytes. */
const KEEP_FREE = 64 * 1024 * 1024;
const PIECE = 256 * 1024;

/**
 * Writes a backup. When it resolves, the file is whole and on disk; else there
 * is none, or the one that was there.
 *
 * @throws {BackupError}
 * @throws {IdentityError} where there is no relay, or a damaged one
 */
export async function writeBackup(
  options: WriteBackupOptions,
): Promise<BackupReport> {
  const { config, keys, withFiles = false } = options;
  const target = resolve(options.target);
  const problem = await keyProblem(keys);
  if (problem !== undefined) throw new BackupError(problem);
  if (!options.overwrite && await exists(target)) {
    throw new BackupError(
      `There is a file ${target} already. Choose another name.`,
    );
  }
  const identity = await configuredIdentity(config);
  const contents = await contentsOf(config, {
    settingsFile: options.settingsFile,
    withFiles,
  });
  await using scratch = await makeScratch(config.data.directory);
  const databases = copyDatabases(contents, scratch.path);
  const header: BackupHeader = {
    format: FORMAT,
    version: VERSION,
    store: STORE_VERSION,
    created: new Date().toISOString(),
    fingerprint: identity.fingerprintText,
    files: contents.filesDirectory !== undefined,
  };
  const manifest: ManifestFile[] = [];
  const archive = archiveOf({ header, contents, databases, manifest });
  const locked = await lock(ReadableStream.from(archive), keys);
  const bytes = await writeWhole(target, locked, options.onBytes);
  return {
    target,
    fingerprint: identity.fingerprintText,
    bytes,
    entries: manifest.length,
    withFiles: header.files,
    notes: contents.notes,
  };
}

async function makeScratch(
  directory: string,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(directory, SCRATCH + randomBytes(6).toString("hex"));
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (!name.startsWith(SCRATCH)) continue;
      const old = join(directory, name);
      const { mtime } = await Deno.stat(old);
      if (Date.now() - Number(mtime) < STALE_MS) continue;
      await Deno.remove(old, { recursive: true });
    }
    await Deno.mkdir(path, { mode: 0o700 });
  } catch (cause) {
    throw new BackupError(
      `This user may not write in ${directory}, where the database is copied ` +
        "for a moment. Try again with sudo.",
      { cause },
    );
  }
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Copies all databases now, one moment each; gives the copies by name. */
function copyDatabases(
  { databases }: Contents,
  scratch: string,
): Map<string, string> {
  const copies = new Map<string, string>();
  for (const [name, path] of databases) {
    const size = sizeOf(path) + sizeOf(`${path}-wal`);
    // A relay that never ran has none.
    if (size === 0) continue;
    const { bavail, bsize } = statfsSync(scratch);
    if (bavail * bsize < size + KEEP_FREE) {
      throw new BackupError(
        `The disk has no room for a copy of ${path}, which a backup needs for ` +
          `a moment: ${Math.ceil(size / 2 ** 20)} MB. Make room on it.`,
      );
    }
    const copy = join(scratch, `${copies.size}.db`);
    copyDatabase(path, copy);
    copies.set(name, copy);
  }
  return copies;
}

interface Archive {
  readonly header: BackupHeader;
  readonly contents: Contents;
  readonly databases: ReadonlyMap<string, string>;
  /** Filled with what was written. */
  readonly manifest: ManifestFile[];
}

/** The bytes of the archive. Databases first: contents without a row do no harm. */
async function* archiveOf(
  { header, contents, databases, manifest }: Archive,
): AsyncGenerator<Uint8Array> {
  const time = Math.floor(Date.parse(header.created) / 1000);
  yield* text(HEADER_NAME, JSON.stringify(header, undefined, 2), time);
  for (const files of [databases, contents.files]) {
    for (const [name, path] of files) {
      yield* file({ name, path, time }, manifest);
    }
  }
  const { filesDirectory } = contents;
  if (filesDirectory !== undefined) {
    for await (const below of filesBelow(filesDirectory)) {
      const name = `${DATA_PREFIX}files/${below}`;
      // What is not uploaded to its end has another name.
      if (!isBackupName(name) || below.endsWith(".tmp")) continue;
      const path = join(filesDirectory, below);
      yield* file({ name, path, time }, manifest);
    }
  }
  yield* text(MANIFEST_NAME, JSON.stringify({ files: manifest }), time);
  yield tarEnd();
}

async function* text(
  name: string,
  content: string,
  time: number,
): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(content);
  yield tarHeader({ name, size: bytes.length }, time);
  yield bytes;
  yield tarPadding(bytes.length);
}

/** One file as it is now; nothing, when it has been deleted meanwhile. */
async function* file(
  { name, path, time }: { name: string; path: string; time: number },
  manifest: ManifestFile[],
): AsyncGenerator<Uint8Array> {
  let source: Deno.FsFile;
  try {
    source = await Deno.open(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(
      `Cannot read ${path} (${reason}). Try again with sudo.`,
      { cause },
    );
  }
  using _source = source;
  const { size } = await source.stat();
  const hash = createHash("sha256");
  yield tarHeader({ name, size }, time);
  for (let left = size; left > 0;) {
    const buffer = new Uint8Array(Math.min(left, PIECE));
    const count = await source.read(buffer);
    if (count === null) {
      throw new BackupError(
        `${path} became shorter while it was read. Try again.`,
      );
    }
    left -= count;
    const piece = buffer.subarray(0, count);
    hash.update(piece);
    yield piece;
  }
  yield tarPadding(size);
  manifest.push({ name, size, sha256: hash.digest("hex") });
}

/** Writes all that comes, under a name of its own until it is on disk. */
async function writeWhole(
  target: string,
  content: ReadableStream<Uint8Array>,
  onBytes: (bytes: number) => void = () => {},
): Promise<number> {
  const directory = dirname(target);
  const mark = randomBytes(6).toString("hex");
  const temporary = join(directory, `.${basename(target)}.${mark}.tmp`);
  let bytes = 0;
  try {
    using output = await Deno.open(temporary, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    for await (const piece of content) {
      for (let done = 0; done < piece.length;) {
        done += await output.write(piece.subarray(done));
      }
      bytes += piece.length;
      onBytes(piece.length);
    }
    await output.sync();
  } catch (cause) {
    await content.cancel().catch(() => {/* It has ended. */});
    await Deno.remove(temporary).catch(() => {/* It was never made. */});
    if (cause instanceof BackupError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackupError(
      `Cannot write the backup to ${directory} (${reason}). There is none now; ` +
        "the relay is as it was.",
      { cause },
    );
  }
  await Deno.rename(temporary, target);
  // Drives that cannot do this (some that other systems use) keep it as well.
  await syncDirectory(directory).catch(() => {});
  return bytes;
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Name of the relay's database in a backup. */
export const DATABASE_NAME = DATA_PREFIX + STORE_FILE;
