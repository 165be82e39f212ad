/**
 * Descriptions of files on the disk. They are secrets: mode 0600, in a
 * directory of mode 0700.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../relay/files.ts";
import {
  type FileDescription,
  formatFileDescription,
  MAX_DESCRIPTION_LENGTH,
  parseDescriptionUri,
  parseFileDescription,
  parseWebLink,
} from "../relay/xftp/description/mod.ts";
import { TransferError } from "../relay/xftp/transfer/mod.ts";
import type { Terminal } from "./terminal.ts";

/** Names that are tried for a directory. */
const MAX_NAMES = 10_000;

/** Whether a word is a link and not the path of a description. */
export function isLink(word: string): boolean {
  return /^(?:https?:\/\/|simplex:\/)/.test(word);
}

/**
 * The description that a word names: a path, or a link.
 *
 * @throws {DescriptionError} when it is none
 * @throws {TransferError} when it cannot be read
 */
export async function readDescription(word: string): Promise<FileDescription> {
  if (isLink(word)) {
    return /^[^#]*\/file\/?#/.test(word)
      ? parseDescriptionUri(word).description
      : parseWebLink(word);
  }
  return parseFileDescription(await readText(word));
}

async function readText(path: string): Promise<string> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (isFile && size <= MAX_DESCRIPTION_LENGTH) {
      return await Deno.readTextFile(path);
    }
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "There is no such file"
      : "The file cannot be read";
    throw new TransferError("file", `${why}: ${path}`, { cause });
  }
  throw new TransferError("file", `This is not a file description: ${path}`);
}

/**
 * Makes a directory for descriptions; nobody else may look into it. Where the
 * name is taken, it gets a number.
 *
 * @throws {TransferError} when it cannot be made
 */
export async function makeDescriptionDirectory(
  parent: string,
  fileName: string,
): Promise<string> {
  for (let number = 0; number < MAX_NAMES; number++) {
    const suffix = number === 0 ? "" : `_${number}`;
    const path = join(parent, `${fileName}${suffix}.xftp`);
    try {
      await Deno.mkdir(path, { mode: 0o700 });
      return path;
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists) continue;
      throw new TransferError("file", `Cannot make the directory ${path}`, {
        cause,
      });
    }
  }
  throw new TransferError("file", `There are too many of ${fileName}.xftp`);
}

/** Writes a description under a name that is free. */
export async function writeDescription(
  path: string,
  description: FileDescription,
): Promise<void> {
  const text = formatFileDescription(description);
  await writeFileAtomic(path, text, { mode: 0o600 });
}

/** Removes a description that is used up: asked for by flag, or now. */
export async function removeUsedUp(
  path: string,
  { yes, terminal }: { yes: boolean; terminal: Terminal },
): Promise<void> {
  if (!yes) {
    // `confirm` asks on a terminal, and answers no where there is none.
    const asked = terminal.isTerminal && Deno.stdin.isTerminal();
    if (!asked || !confirm(`${path} is of no use any more. Remove it?`)) {
      if (!asked) terminal.print(`${path} is of no use any more.`);
      return;
    }
  }
  await Deno.remove(path);
  terminal.print(`Removed ${path}, which is of no use any more.`);
}
