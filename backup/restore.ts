/**
 * Makes this machine the relay that a backup was made of.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { loadConfig } from "../config/mod.ts";
import { writeFileAtomic } from "../relay/files.ts";
import { fingerprintText, loadIdentity } from "../relay/identity/mod.ts";
import { identityPaths } from "../relay/identity/mod.ts";
import { lockStore, STORE_FILE, STORE_VERSION } from "../relay/store/mod.ts";
import { SETTINGS_FILE } from "./contents.ts";
import { BackupError } from "./error.ts";
import { type BackupHeader, DAMAGED } from "./format.ts";
import type { OpeningKeys } from "./keys.ts";
import {
  discardStaging,
  finishRestore,
  prepareStaging,
  putIntoPlace,
} from "./place.ts";
import { type BackupSink, readBackup } from "./read.ts";
import { withoutOldPlaces } from "./settings_text.ts";
import { databaseVersion } from "./snapshot.ts";

/** How a backup is restored. */
export interface RestoreOptions {
  /** The backup. */
  readonly source: string;
  /** The data directory; made if it is not there. */
  readonly directory: string;
  readonly keys: OpeningKeys;
  /** Where there is a relay: keep it aside, and put this one in its place. */
  readonly replace?: boolean;
  /** Check all of it, and put nothing into place. */
  readonly dryRun?: boolean;
  /** Told of each piece that was read, in bytes. */
  readonly onBytes?: (bytes: number) => void;
}

/** What was restored. */
export interface RestoreReport {
  readonly header: BackupHeader;
  readonly files: number;
  /** Where the relay is that was there before. */
  readonly aside: string | undefined;
  /** What the owner should know. */
  readonly notes: readonly string[];
}

/**
 * Reads and checks the whole backup; then, and only then, puts it into place.
 *
 * @throws {BackupError} when the backup cannot be used, or there is a relay
 * @throws {StoreError} "locked" while a relay runs in the directory
 */
export async function restoreBackup(
  options: RestoreOptions,
): Promise<RestoreReport> {
  const { source, directory, keys, onBytes } = options;
  if (options.dryRun) {
    const sink: BackupSink = { file: (_, content) => drain(content) };
    const { header, files } = await readBackup(source, {
      keys,
      sink,
      store: STORE_VERSION,
      onBytes,
    });
    return { header, files: files.length, aside: undefined, notes: [] };
  }
  await refuseRelay(directory, options);
  using _lock = lockStore(directory);
  await finishRestore(directory);
  const staging = await prepareStaging(directory);
  try {
    const { header, files } = await readBackup(source, {
      keys,
      sink: directorySink(staging),
      store: STORE_VERSION,
      onBytes,
    });
    const notes = await checkRelay(staging, header);
    const old = await fingerprintIn(directory);
    const aside = `before-restore-${
      new Date().toISOString().slice(0, 19).replaceAll(":", "-")
    }`;
    const keepFiles = !header.files && old === header.fingerprint;
    await putIntoPlace(directory, { aside, keepFiles });
    const kept = await exists(join(directory, aside));
    return {
      header,
      files: files.length,
      aside: kept ? join(directory, aside) : undefined,
      notes,
    };
  } finally {
    await discardStaging(directory);
  }
}

/** Before a passphrase is asked for, and anything is read. */
export async function refuseRelay(
  directory: string,
  { replace = false }: Pick<RestoreOptions, "replace">,
): Promise<void> {
  if (replace) return;
  for (const name of ["ca.crt", "server.crt", "server.key", STORE_FILE]) {
    if (!await exists(join(directory, name))) continue;
    throw new BackupError(
      `There is a relay in ${directory} already. Nothing was changed. Choose ` +
        "another directory with --data DIRECTORY, or give --replace: then the " +
        "one that is there is kept beside it, and no longer used.",
    );
  }
}

/** Files below a directory, on disk when the sink has taken them. */
function directorySink(directory: string): BackupSink {
  return {
    async file({ name }, content) {
      const path = join(directory, name);
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      using file = await Deno.open(path, {
        write: true,
        createNew: true,
        mode: 0o600,
      });
      for await (const piece of content) {
        for (let done = 0; done < piece.length;) {
          done += await file.write(piece.subarray(done));
        }
      }
      await file.sync();
    },
  };
}

/** Whether a relay will start on what has been read; what to know of it. */
async function checkRelay(
  staging: string,
  header: BackupHeader,
): Promise<string[]> {
  const notes: string[] = [];
  const identity = await loadIdentity(identityPaths(staging));
  if (fingerprintText(identity.fingerprint) !== header.fingerprint) {
    throw new BackupError(DAMAGED);
  }
  const database = join(staging, STORE_FILE);
  if (await exists(database) && databaseVersion(database) > STORE_VERSION) {
    throw new BackupError(DAMAGED);
  }
  const settings = join(staging, SETTINGS_FILE);
  if (await exists(settings)) {
    const { text, taken } = withoutOldPlaces(await Deno.readTextFile(settings));
    await writeFileAtomic(settings, text, { mode: 0o600 });
    for (const name of taken) {
      notes.push(
        `The setting ${name} was of the old machine; it is a comment now.`,
      );
    }
    try {
      loadConfig({ path: settings, env: {} });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      notes.push(`The settings need a look before the relay starts: ${reason}`);
    }
  }
  return notes;
}

async function fingerprintIn(directory: string): Promise<string | undefined> {
  try {
    return (await loadIdentity(identityPaths(directory))).fingerprintText;
  } catch {
    return undefined; // None, or one that is damaged.
  }
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content) { /* Only to check it. */ }
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
