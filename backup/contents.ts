/**
 * Which files make up a relay: those of its data directory, and what the
 * settings say is elsewhere.
 *
 * Databases are named by their ending alone: opening one here, in the process
 * of a relay that uses it, would drop SQLite's locks (fcntl(2), `F_SETLK`).
 *
 * @module
 */

import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { STORE_FILE } from "../relay/store/mod.ts";
import { DATA_PREFIX, isBackupName } from "./format.ts";

/** Name of the directory, below the data directory, where contents of files are. */
export const FILES_DIRECTORY = "files";
export const SETTINGS_FILE = "porchlight.toml";

/** What belongs to a backup: paths by their name in it. */
export interface Contents {
  /** Databases, of which a copy as of one moment is made. The relay's is first. */
  readonly databases: ReadonlyMap<string, string>;
  /** Small files. */
  readonly files: ReadonlyMap<string, string>;
  /** Directory with the contents of files, where they are wanted. */
  readonly filesDirectory: string | undefined;
  /** What the owner should know. */
  readonly notes: readonly string[];
}

/** What stays out of a backup, in the data directory itself. */
export function isLeftOut(name: string): boolean {
  return name.startsWith(".") || name === FILES_DIRECTORY ||
    name.startsWith("before-") ||
    /(?:\.age|\.lock|-wal|-shm|-journal)$/.test(name);
}

/** Finds out what makes up the relay of these settings. */
export async function contentsOf(
  config: Config,
  options: {
    /** Where the settings are, whether or not there is such a file. */
    readonly settingsFile: string;
    readonly withFiles: boolean;
  },
): Promise<Contents> {
  const { directory } = config.data;
  const databases = new Map([
    [DATA_PREFIX + STORE_FILE, join(directory, STORE_FILE)],
  ]);
  const files = new Map<string, string>();
  const notes: string[] = [];
  for await (const name of filesBelow(directory, isLeftOut)) {
    const inBackup = DATA_PREFIX + name;
    if (!isBackupName(inBackup)) {
      notes.push(`Left out, for its name: ${name}`);
    } else if (name.endsWith(".db")) {
      databases.set(inBackup, join(directory, name));
    } else files.set(inBackup, join(directory, name));
  }
  const elsewhere: [string, string][] = [
    [SETTINGS_FILE, options.settingsFile],
    ["server.crt", config.tls.certificate],
    ["server.key", config.tls.key],
    ["ca.crt", config.tls.ca],
  ];
  for (const [name, path] of elsewhere) {
    if (path === "" || !await isFile(path)) continue;
    files.set(DATA_PREFIX + name, path);
  }
  const contents = config.xftp.directory || join(directory, FILES_DIRECTORY);
  const hasFiles = options.withFiles && await isDirectory(contents);
  return {
    databases,
    files,
    filesDirectory: hasFiles ? contents : undefined,
    notes,
  };
}

/** Names of all files below a directory, relative to it. */
export async function* filesBelow(
  directory: string,
  isLeftOut: (name: string) => boolean = () => false,
): AsyncGenerator<string> {
  for await (const { name, isDirectory: isFolder } of Deno.readDir(directory)) {
    if (isLeftOut(name)) continue;
    const path = join(directory, name);
    if (isFolder) {
      for await (const below of filesBelow(path)) yield `${name}/${below}`;
    } else if (await isFile(path)) yield name;
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await statOf(path))?.isFile ?? false;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await statOf(path))?.isDirectory ?? false;
}

async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
