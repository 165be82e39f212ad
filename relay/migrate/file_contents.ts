/**
 * Contents of files: where a reference server has them, and how they come into
 * the relay's folder. Nothing is taken whose SHA-256 is not as announced.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../files.ts";
import { contentName, UPLOAD_SUFFIX } from "../xftp/store/mod.ts";
import { unreadable } from "./reference_files.ts";
import { MigrateError } from "./report.ts";

/** What is known of a content. */
export interface ContentFacts {
  readonly senderId: Uint8Array;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
}

/** So much of the disk stays free, as while the relay runs: bytes. */
const KEEP_FREE = 64 * 1024 * 1024;
const PIECE = 1024 * 1024;

/**
 * The content that the log says is at `path`: there, or under the same name in
 * one of `directories`, where the files were moved. Says why it is not usable.
 *
 * @throws {MigrateError} when this user may not look
 */
export function findContent(
  path: string,
  { facts, directories }: {
    facts: ContentFacts;
    directories: readonly string[];
  },
): { readonly path: string } | { readonly fault: string } {
  const places = directories.flatMap((directory) => [
    join(directory, basename(path)),
    join(directory, contentName(facts.senderId)),
  ]);
  for (const place of new Set([...places, path])) {
    const info = statOf(place);
    if (!info?.isFile) continue;
    return info.size === facts.size
      ? { path: place }
      : { fault: "the content of its file has another size" };
  }
  return { fault: "the content of its file is not there" };
}

/** Whether the relay's folder has a content of the right size. */
export function hasContent(folder: string, facts: ContentFacts): boolean {
  const info = statOf(join(folder, contentName(facts.senderId)));
  return info !== undefined && info.isFile && info.size === facts.size;
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (cause) {
    if (
      cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory
    ) return undefined;
    throw unreadable(dirname(path), cause);
  }
}

/**
 * Makes sure that the disk has room for so many bytes of contents.
 *
 * @throws {MigrateError}
 */
export function checkRoom(folder: string, bytes: number): void {
  let place = folder;
  while (statOf(place) === undefined && dirname(place) !== place) {
    place = dirname(place);
  }
  const { bavail, bsize } = statfsSync(place);
  const free = Math.max(0, bavail * bsize - KEEP_FREE);
  if (bytes <= free) return;
  const inGb = (value: number) => `${(value / 1024 ** 3).toFixed(1)} GB`;
  throw new MigrateError(
    `The contents take ${inGb(bytes)}, and the disk of ${folder} has room ` +
      `for ${inGb(free)}. Nothing was changed. Make room, or keep the ` +
      "contents on another disk with --set xftp.directory=DIRECTORY",
  );
}

/**
 * Copies a content into the relay's folder, durably but for its name; one that
 * is there from an import that was cut short is checked and stays. "damaged":
 * the SHA-256 is another, and nothing was taken.
 *
 * @throws {MigrateError} when it cannot be read or written
 */
export function takeContent(
  source: string,
  { facts, folder }: { facts: ContentFacts; folder: string },
): "taken" | "damaged" {
  const target = join(folder, contentName(facts.senderId));
  if (hasContent(folder, facts) && isIntact(target, facts)) return "taken";
  const suffix = randomBytes(6).toString("hex");
  const temporary = `${target}.${suffix}${UPLOAD_SUFFIX}`;
  let digest: Uint8Array;
  try {
    digest = copy(source, temporary);
  } catch (cause) {
    remove(temporary);
    if (cause instanceof MigrateError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MigrateError(
      `Cannot write into ${folder}: ${reason.split(": ")[0]}. Make room on ` +
        "the disk, if that is it, and run the import again: it goes on where " +
        "it was.",
      { cause },
    );
  }
  if (!timingSafeEqual(digest, facts.digest)) {
    remove(temporary);
    return "damaged";
  }
  Deno.renameSync(temporary, target);
  return "taken";
}

/** Makes the folder, for its owner alone. */
export async function openFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await Deno.chmod(folder, 0o700);
}

/** Makes the names of contents durable and gives them to the relay's user. */
export async function closeFolder(
  folder: string,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  if (owner !== undefined) {
    for (const { name } of Deno.readDirSync(folder)) {
      Deno.chownSync(join(folder, name), owner.uid, owner.gid);
    }
    Deno.chownSync(folder, owner.uid, owner.gid);
  }
  await syncDirectory(folder);
  await syncDirectory(dirname(folder));
}

function copy(source: string, target: string): Uint8Array {
  using from = openSource(source);
  using to = Deno.openSync(target, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  const digest = eachPiece(from, source, (piece) => {
    for (let at = 0; at < piece.length;) at += to.writeSync(piece.subarray(at));
  });
  to.syncSync();
  return digest;
}

function isIntact(path: string, { digest }: ContentFacts): boolean {
  using file = openSource(path);
  return timingSafeEqual(eachPiece(file, path, () => {}), digest);
}

function openSource(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (cause) {
    throw unreadable(dirname(path), cause);
  }
}

/** Goes through a file; its SHA-256. */
function eachPiece(
  file: Deno.FsFile,
  path: string,
  take: (piece: Uint8Array) => void,
): Uint8Array {
  const hash = createHash("sha256");
  const piece = new Uint8Array(PIECE);
  for (;;) {
    let count: number | null;
    try {
      count = file.readSync(piece);
    } catch (cause) {
      throw unreadable(dirname(path), cause);
    }
    if (count === null) return hash.digest();
    hash.update(piece.subarray(0, count));
    take(piece.subarray(0, count));
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
