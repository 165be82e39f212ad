/**
 * The data directory that an import goes to: what stands there, and how the
 * new files come into place.
 *
 * Everything is written beside what is there, and put into place at the end:
 * the database first, the identity last. Where that was cut short a marker
 * tells, and the next import starts over.
 *
 * ```text
 * .import/             being written; removed by the next import
 * .import-unfinished   from before the database is put into place until all
 *                      is: fingerprint of the server, and a newline
 * before-import/       identity that was replaced
 * ```
 *
 * @module
 */

import { basename, join } from "node:path";
import { syncDirectory, writeFileAtomic } from "../files.ts";
import {
  adoptIdentity,
  type Identity,
  identityPaths,
  loadIdentity,
} from "../identity/mod.ts";
import {
  hasFiles,
  listQueues,
  openSqliteStore,
  STORE_FILE,
} from "../store/mod.ts";
import { isFile } from "./reference_files.ts";
import { MigrateError } from "./report.ts";

/** Directory, in the data directory, where a store is prepared. */
export const STAGING = ".import";

const UNFINISHED = ".import-unfinished";
const OLD_IDENTITY = "before-import";

/** What stands in the data directory. */
export interface CurrentState {
  /** Fingerprint of the identity; undefined where there is none. */
  readonly identity: string | undefined;
  /** Queues or files. Not so where an import of the same server was cut short. */
  readonly hasData: boolean;
}

/** Looks at the data directory, for an import of the server `source`. */
export async function currentState(
  directory: string,
  source: Identity,
): Promise<CurrentState> {
  const marker = join(directory, UNFINISHED);
  const identity = await isFile(identityPaths(directory).ca)
    ? (await loadIdentity(directory)).fingerprintText
    : undefined;
  // With an identity the relay may have been started meanwhile.
  const unfinished = identity === undefined && await isFile(marker) &&
    (await Deno.readTextFile(marker)).trim() === source.fingerprintText;
  const database = join(directory, STORE_FILE);
  const hasData = !unfinished && await isFile(database) &&
    (hasFiles(database) || listQueues(database).some(() => true));
  return { identity, hasData };
}

/** @throws {MigrateError} where there is something that an import would change */
export function refuseConflict(directory: string, current: CurrentState): void {
  const { identity, hasData } = current;
  if (identity === undefined && !hasData) return;
  const what = identity === undefined
    ? "queues or files"
    : hasData
    ? "an identity and queues or files"
    : "an identity";
  throw new MigrateError(
    `The relay in ${directory} has ${what} already. Nothing was changed. ` +
      "Choose another directory with --data DIRECTORY, or give " +
      "--into-existing: then its queues stay, and the server's identity " +
      "(its address) takes the place of the one that is there.",
  );
}

/** Makes the directory and lets SQLite finish what a crash left. */
export async function prepareDirectory(directory: string): Promise<void> {
  if (await isFile(join(directory, STORE_FILE))) {
    const store = await openSqliteStore({ dir: directory });
    await store.stop();
  }
}

/** What is put into the data directory. */
export interface NewState {
  /** The database is in the staging directory. */
  readonly current: CurrentState;
  readonly identity: Identity;
  /** Directory of the identity's files. */
  readonly identityDirectory: string;
  /** Other files, by path; the relay's user alone may read them. */
  readonly files: ReadonlyMap<string, string>;
}

/** Puts everything into place. */
export async function place(
  directory: string,
  { current, identity, identityDirectory, files }: NewState,
): Promise<void> {
  const staging = join(directory, STAGING);
  const marker = join(directory, UNFINISHED);
  // Where queues are added to others, repeating it does no harm.
  if (!current.hasData) {
    const text = `${identity.fingerprintText}\n`;
    await writeFileAtomic(marker, text, { mode: 0o600 });
  }
  const database = join(directory, STORE_FILE);
  // Empty since the directory was prepared; a WAL belongs to one database.
  for (const suffix of ["-wal", "-shm"]) await removeTree(database + suffix);
  await Deno.rename(join(staging, STORE_FILE), database);
  await syncDirectory(directory);
  for (const [path, text] of files) {
    await writeFileAtomic(path, text, { mode: 0o600 });
  }
  const replaced = replacedIdentity(directory, { current, identity });
  if (replaced !== undefined) await keepIdentity(directory, replaced);
  if (current.identity !== identity.fingerprintText) {
    await adoptIdentity(identityPaths(identityDirectory), directory);
  }
  await removeTree(marker);
  await removeTree(staging);
  await giveToOwner(directory, files.keys());
}

/** Copies the identity's files away. */
async function keepIdentity(directory: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o700 });
  for (const path of Object.values(identityPaths(directory))) {
    if (!await isFile(path)) continue;
    const target = join(to, basename(path));
    await writeFileAtomic(target, await Deno.readFile(path), { mode: 0o600 });
  }
}

/** Imported as root, the files go to whom the data directory belongs. */
async function giveToOwner(
  directory: string,
  files: Iterable<string>,
): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(directory);
  if (!uid || gid === null) return;
  const paths = new Set(files);
  for await (const { name } of Deno.readDir(directory)) {
    paths.add(join(directory, name));
  }
  for (const path of paths) await Deno.chown(path, uid, gid);
}

/** Where the identity goes that is about to be replaced, if there is one. */
export function replacedIdentity(
  directory: string,
  { current, identity }: Pick<NewState, "current" | "identity">,
): string | undefined {
  return current.identity === undefined ||
      current.identity === identity.fingerprintText
    ? undefined
    : join(directory, OLD_IDENTITY);
}

/** Removes a directory or file, if it is there. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
