/**
 * Puts several files into a directory so that a power cut leaves either none
 * of them or all: a key without its certificate would keep the relay from
 * starting.
 *
 * ```
 * .identity-tmp/   being written; removed by the next attempt
 * .identity-new/   complete and on disk (the rename is the commit); its files
 *                  move into place one by one, then it is removed
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "../files.ts";

const WRITING = ".identity-tmp";
const READY = ".identity-new";

/** A file to put into the directory. */
export interface NewFile {
  readonly name: string;
  readonly mode: number;
  readonly content: string;
}

/**
 * Writes `files` into `directory`, over files of the same name.
 *
 * @throws the errors of the file system
 */
export async function replaceFiles(
  directory: string,
  files: readonly NewFile[],
): Promise<void> {
  const writing = join(directory, WRITING);
  await removeTree(writing);
  await Deno.mkdir(writing, { mode: 0o700 });
  for (const { name, mode, content } of files) {
    await writeFileAtomic(join(writing, name), content, { mode });
  }
  await Deno.rename(writing, join(directory, READY));
  await syncDirectory(directory);
  await moveIntoPlace(directory);
}

/** Where the files of an interrupted {@link replaceFiles} wait, if any do. */
export async function pendingFiles(
  directory: string,
): Promise<string | undefined> {
  const ready = join(directory, READY);
  try {
    return (await Deno.stat(ready)).isDirectory ? ready : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Second half of {@link replaceFiles}; can be repeated.
 *
 * @throws the errors of the file system
 */
export async function moveIntoPlace(directory: string): Promise<void> {
  const ready = join(directory, READY);
  for await (const { name } of Deno.readDir(ready)) {
    await Deno.rename(join(ready, name), join(directory, name));
  }
  await syncDirectory(directory);
  await Deno.remove(ready);
  await syncDirectory(directory);
}

/**
 * Forgets the files that wait.
 *
 * @throws the errors of the file system
 */
export async function discardPending(directory: string): Promise<void> {
  await removeTree(join(directory, READY));
  await syncDirectory(directory);
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
