/**
 * What the relay keeps of files on disk: rows and contents.
 *
 * @module
 */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../relay/store/mod.ts";
import { Fault } from "./fault.ts";

/** Where a relay has its files. */
export interface FilePlace {
  /** The data directory. */
  readonly directory: string;
  /** The folder of the contents. */
  readonly contents: string;
}

/** What is there, seen while nothing changes. */
export interface FilesOnDisk {
  /** Sizes of complete contents, by their names, in bytes. */
  readonly contents: ReadonlyMap<string, number>;
  /** Contents that are not complete. */
  readonly temporary: number;
  /** Sizes by the names of the contents, of rows that say there is one. */
  readonly uploaded: ReadonlyMap<string, number>;
  /** Rows of files that wait for their content. */
  readonly announced: number;
}

/** Looks at the disk of a relay that is there and has nothing to do. */
export function readRunning(place: FilePlace): FilesOnDisk {
  return read(place, place.directory);
}

/** Looks at that of a relay that is dead, and leaves it as it is. */
export function readDead(place: FilePlace): FilesOnDisk {
  const copy = Deno.makeTempDirSync({ prefix: "porchlight-crash-files-" });
  try {
    for (const name of [STORE_FILE, `${STORE_FILE}-wal`]) {
      try {
        Deno.copyFileSync(join(place.directory, name), join(copy, name));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return read(place, copy);
  } finally {
    Deno.removeSync(copy, { recursive: true });
  }
}

/** Contents that no row has. */
export function orphansOf({ contents, uploaded }: FilesOnDisk): number {
  return [...contents.keys()].filter((name) => !uploaded.has(name)).length;
}

/**
 * Checks that rows and contents are the same.
 *
 * @throws {Fault} naming what is too much or not there
 */
export function checkSame(disk: FilesOnDisk): void {
  const orphans = orphansOf(disk);
  if (orphans > 0) throw new Fault(`${orphans} contents belong to no file`);
  if (disk.temporary > 0) {
    throw new Fault(`${disk.temporary} uploads were left behind`);
  }
  for (const [name, size] of disk.uploaded) {
    const there = disk.contents.get(name);
    if (there !== size) {
      throw new Fault(`a content of ${size} bytes has ${there ?? "none"}`);
    }
  }
}

/**
 * Checks the sums that the relay itself goes by, from its metrics.
 *
 * @throws {Fault} when they are others than those of the rows
 */
export async function checkSums(
  metricsUrl: string | undefined,
  { uploaded }: FilesOnDisk,
): Promise<void> {
  if (metricsUrl === undefined) throw new Error("The relay has no metrics");
  const response = await fetch(metricsUrl);
  const text = await response.text();
  const size = sumOf(uploaded);
  for (
    const [metric, wanted] of [
      ["files_count_total", uploaded.size],
      ["files_size", size],
    ] as const
  ) {
    const said = text.match(new RegExp(`^\\w*${metric} (\\d+)`, "m"))?.[1];
    if (said !== String(wanted)) {
      throw new Fault(`the relay counts ${metric} ${said}, it is ${wanted}`);
    }
  }
}

/** Bytes of all. */
export function sumOf(sizes: ReadonlyMap<string, number>): number {
  return sizes.values().reduce((sum, size) => sum + size, 0);
}

function read({ contents }: FilePlace, database: string): FilesOnDisk {
  const found = new Map<string, number>();
  let temporary = 0;
  for (const { name } of readFolder(contents)) {
    if (name.endsWith(".tmp")) temporary++;
    else found.set(name, Deno.statSync(join(contents, name)).size);
  }
  const uploaded = new Map<string, number>();
  let announced = 0;
  for (const { senderId, size, complete } of readRows(database)) {
    if (complete) {
      uploaded.set(senderId.toBase64({ alphabet: "base64url" }), size);
    } else announced++;
  }
  return { contents: found, temporary, uploaded, announced };
}

function* readFolder(path: string): Iterable<Deno.DirEntry> {
  try {
    yield* Deno.readDirSync(path);
  } catch (error) {
    // A relay that was killed at its first start has none yet.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readRows(
  directory: string,
): { senderId: Uint8Array; size: number; complete: boolean }[] {
  using database = new DatabaseSync(join(directory, STORE_FILE));
  const known = database.prepare(
    "SELECT name FROM sqlite_schema WHERE name = 'files'",
  ).get();
  if (known === undefined) return [];
  return database.prepare("SELECT sender_id, size, uploaded FROM files").all()
    .map(({ sender_id: id, size, uploaded }) => {
      if (!(id instanceof Uint8Array)) throw new Error("A file without an ID");
      return {
        senderId: id,
        size: Number(size),
        complete: Number(uploaded) !== 0,
      };
    });
}
