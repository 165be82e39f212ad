/**
 * Where the reference server keeps what (simplexmq 6.5.5,
 * `Simplex.Messaging.Server.Main`): a directory of state and one of
 * configuration, `/var/opt/simplex` and `/etc/opt/simplex` unless told
 * otherwise.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import { MigrateError } from "./report.ts";

/** Names in the directory of state. */
export const STATE_FILES = {
  queues: "smp-server-store.log",
  messages: "smp-server-messages.log",
  journal: "messages",
  notifications: "smp-server-ntfs.log",
  stats: "smp-server-stats.log",
} as const;

/** Names in the directory of state of a server for files. */
export const FILE_STATE_FILES = {
  files: "file-server-store.log",
  stats: "file-server-stats.log",
} as const;

/** Name of the settings in the directory of configuration. */
export const INI_FILE = "smp-server.ini";

/** Name of the settings of a server for files. */
export const FILE_INI_FILE = "file-server.ini";

/** The two directories of a reference server. */
export interface ReferenceDirectories {
  readonly state: string;
  readonly config: string;
}

/**
 * The directories of the server whose state is in `state`. Without `config`,
 * its settings and certificates are looked for in the same directory, and
 * where `…/var/opt/simplex` has them: in `…/etc/opt/simplex`.
 *
 * @throws {MigrateError} where there is nothing
 */
export async function referenceDirectories(
  state: string,
  config?: string,
): Promise<ReferenceDirectories> {
  const directory = resolve(state);
  if (!await isDirectory(directory)) {
    throw new MigrateError(
      `There is no directory ${directory}. Give the directory in which the ` +
        `server keeps ${STATE_FILES.queues}, mostly /var/opt/simplex.`,
    );
  }
  if (config !== undefined) {
    return { state: directory, config: resolve(config) };
  }
  for (const candidate of [directory, ...packaged(directory)]) {
    if (await isFile(join(candidate, "ca.crt"))) {
      return { state: directory, config: candidate };
    }
  }
  throw new MigrateError(
    `There is no ca.crt in ${directory}. The server's certificates are its ` +
      "address, so they have to come along: say where they are, mostly " +
      "--config-dir /etc/opt/simplex",
  );
}

/**
 * Which server these directories are of.
 *
 * @throws {MigrateError} where they are of both
 */
export async function kindOfServer(
  { state, config }: ReferenceDirectories,
): Promise<"messages" | "files"> {
  const [smpLog, fileLog, smpIni, fileIni] = await Promise.all([
    isFile(join(state, STATE_FILES.queues)),
    isFile(join(state, FILE_STATE_FILES.files)),
    isFile(join(config, INI_FILE)),
    isFile(join(config, FILE_INI_FILE)),
  ]);
  if (smpLog && fileLog) {
    throw new MigrateError(
      `There are both ${STATE_FILES.queues} and ${FILE_STATE_FILES.files} in ` +
        `${state}. Put the files of the two servers into directories of their ` +
        "own, and import one after the other.",
    );
  }
  return fileLog || (fileIni && !smpIni && !smpLog) ? "files" : "messages";
}

/** Whether there is a file. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path))?.isFile ?? false;
}

/** Whether there is a directory. */
export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path))?.isDirectory ?? false;
}

function packaged(state: string): string[] {
  const opt = dirname(state);
  const variable = dirname(opt);
  return basename(opt) === "opt" && basename(variable) === "var"
    ? [join(dirname(variable), "etc", "opt", basename(state))]
    : [];
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (
      cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw unreadable(path, cause);
  }
}

/** An error of the system about a file that is to be read. */
export function unreadable(path: string, cause: unknown): MigrateError {
  const denied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
  // The rest of the system's words is the path, which may name a queue.
  const words = cause instanceof Error ? cause.message : String(cause);
  const [reason] = words.split(": ");
  return new MigrateError(
    `Cannot read ${path}: ` +
      (denied
        ? "this user may not. Try again with sudo."
        : `${reason}. Nothing was changed.`),
    { cause },
  );
}
