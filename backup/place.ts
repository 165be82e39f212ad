/**
 * How a restored relay comes into its data directory, so that a power cut
 * leaves the old relay or the new one.
 *
 * ```text
 * .restore/          being written; removed by the next restore
 * .restore-ready/    whole and on disk (the rename is the commit):
 *   new/             the new relay
 *   aside            name of the directory for the old one, and a newline
 * .restore-moving/   the same, when the old one has been moved aside
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { syncDirectory, writeFileAtomic } from "../relay/files.ts";
import { FILES_DIRECTORY } from "./contents.ts";

const WRITING = ".restore";
const READY = ".restore-ready";
const MOVING = ".restore-moving";
const NEW = "new";
const ASIDE = "aside";

/** Stays where it is: sockets and locks of programs that run, and stages. */
const STAYS = /^(?:\.restore.*|before-.*|relay\.lock|lost\+found)$/;

/** Makes an empty place for the new relay, and gives its path. */
export async function prepareStaging(directory: string): Promise<string> {
  await discardStaging(directory);
  const staging = join(directory, WRITING, NEW);
  await Deno.mkdir(staging, { recursive: true, mode: 0o700 });
  return staging;
}

/** Removes what was written and not put into place. */
export async function discardStaging(directory: string): Promise<void> {
  await removeTree(join(directory, WRITING));
}

/**
 * Puts what is in the staging place into the data directory, and what was
 * there into the directory `aside` in it. `keepFiles`: contents of files stay
 * where they are.
 */
export async function putIntoPlace(
  directory: string,
  { aside, keepFiles }: { aside: string; keepFiles: boolean },
): Promise<void> {
  const writing = join(directory, WRITING);
  const text = `${aside}\n${keepFiles ? `${FILES_DIRECTORY}\n` : ""}`;
  await writeFileAtomic(join(writing, ASIDE), text, { mode: 0o600 });
  await syncDirectory(join(writing, NEW));
  await syncDirectory(writing);
  await Deno.rename(writing, join(directory, READY));
  await syncDirectory(directory);
  await finishRestore(directory);
}

/**
 * Finishes a restore that a power cut interrupted, if there is one. Has to run
 * before anything looks for the relay's files.
 */
export async function finishRestore(directory: string): Promise<void> {
  const ready = join(directory, READY);
  const moving = join(directory, MOVING);
  if (await isDirectory(ready)) {
    await moveAside(directory, ready);
    await Deno.rename(ready, moving);
    await syncDirectory(directory);
  }
  if (!await isDirectory(moving)) return;
  const fresh = join(moving, NEW);
  for (const name of await namesIn(fresh)) {
    await Deno.rename(join(fresh, name), join(directory, name));
  }
  await giveToOwner(directory);
  await syncDirectory(directory);
  await removeTree(moving);
  await syncDirectory(directory);
}

/** All that is there now is of the old relay. */
async function moveAside(directory: string, ready: string): Promise<void> {
  const [name, keep] = (await Deno.readTextFile(join(ready, ASIDE)))
    .split("\n");
  const aside = join(directory, name);
  const old = (await namesIn(directory))
    .filter((each) => !STAYS.test(each) && each !== keep);
  if (old.length === 0) return;
  await Deno.mkdir(aside, { recursive: true, mode: 0o700 });
  for (const each of old) {
    await Deno.rename(join(directory, each), join(aside, each));
  }
  await syncDirectory(aside);
  await syncDirectory(directory);
}

/** Restored as root, the files go to whom the data directory belongs. */
async function giveToOwner(directory: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(directory);
  if (!uid || gid === null) return;
  const give = async (path: string) => {
    await Deno.chown(path, uid, gid);
    if (!await isDirectory(path)) return;
    for (const name of await namesIn(path)) await give(join(path, name));
  };
  for (const name of await namesIn(directory)) {
    if (name !== "lost+found") await give(join(directory, name));
  }
}

async function namesIn(directory: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  return names;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isDirectory;
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory
    ) return false;
    throw error;
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
