/**
 * What a power cut leaves of the database's files.
 *
 * Up to where the WAL is on disk stands in the last whole line of the trace
 * that the store writes (`relay/store/sync_trace.ts`). What is behind that may
 * be gone, in part or as a whole, or be noise, in sectors of 512 bytes. The
 * database file is written only from what the WAL has on disk, and is fsynced
 * before the WAL starts again; so while the WAL is in use, pages of it may be
 * half written in the database file. The `-shm` file is memory: whatever.
 *
 * @module
 */

import { join } from "node:path";
import { STORE_FILE } from "../../relay/store/mod.ts";
import type { SeededRandom } from "../seeded_random.ts";

const SECTOR = 512;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** What the cut does to the bytes that were not fsynced. */
export const CUTS = ["nothing left", "cut short", "noise", "torn"] as const;

/** What a cut took. */
export interface CutResult {
  /** Bytes of the WAL that were not on disk. */
  readonly unsynced: number;
  /** Pages of the database file that were made noise. */
  readonly pages: number;
}

/** Where the files are and how to damage them. */
export interface CutOptions {
  readonly directory: string;
  readonly trace: string;
  readonly random: SeededRandom;
}

/** Makes the files as a power cut could have left them. The relay is dead. */
export function cutPower(
  kind: typeof CUTS[number],
  { directory, trace, random }: CutOptions,
): CutResult {
  const wal = `${join(directory, STORE_FILE)}-wal`;
  const synced = bytesOnDisk(trace);
  const bytes = readIfThere(wal);
  // Killed before it opened its trace: its start-up fsynced what it needed.
  if (bytes === undefined || synced === undefined) {
    return { unsynced: 0, pages: 0 };
  }
  const unsynced = Math.max(0, bytes.length - synced);
  const start = bytes.length - unsynced;
  let end = bytes.length;
  switch (kind) {
    case "nothing left":
      end = start;
      break;
    case "cut short":
      end = start + random.below(unsynced + 1);
      break;
    case "noise":
      bytes.set(random.bytes(unsynced), start);
      break;
    case "torn":
      tear(bytes.subarray(start), random);
      break;
  }
  Deno.writeFileSync(wal, bytes.subarray(0, end));
  const shm = `${join(directory, STORE_FILE)}-shm`;
  const index = readIfThere(shm);
  if (index !== undefined && random.below(2) === 0) {
    Deno.writeFileSync(shm, random.bytes(index.length));
  }
  const pages = tearPages(join(directory, STORE_FILE), {
    wal: bytes.subarray(0, start),
    random,
  });
  return { unsynced, pages };
}

/** Bytes of the WAL on disk; `undefined` without a trace. */
function bytesOnDisk(trace: string): number | undefined {
  const text = readIfThere(trace);
  if (text === undefined) return undefined;
  // The last line may be torn: only ended lines count.
  const last = new TextDecoder().decode(text).split("\n").slice(0, -1).at(-1);
  return last === undefined ? undefined : Number(last);
}

/** Each sector is kept, empty or noise. */
function tear(bytes: Uint8Array, random: SeededRandom): void {
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const sector = bytes.subarray(at, at + SECTOR);
    const fate = random.below(3);
    if (fate === 1) sector.fill(0);
    if (fate === 2) sector.set(random.bytes(sector.length));
  }
}

/**
 * Tears pages of the database file that the WAL on disk holds. Of the first
 * page only its second half: the header of the file is in one sector.
 */
function tearPages(
  path: string,
  { wal, random }: { wal: Uint8Array; random: SeededRandom },
): number {
  const { pageSize, pages } = pagesInWal(wal);
  using file = Deno.openSync(path, { read: true, write: true });
  const size = file.statSync().size;
  let torn = 0;
  for (const page of pages) {
    const at = (page - 1) * pageSize;
    if (at + pageSize > size || random.below(2) === 0) continue;
    const from = at + pageSize / 2;
    file.seekSync(from, Deno.SeekMode.Start);
    const sector = random.bytes(SECTOR);
    file.writeSync(sector);
    torn++;
  }
  return torn;
}

/**
 * Numbers of the pages that the WAL's transactions wrote (SQLite file format,
 * §4.1):
 * ```text
 * header = magic (4) | version (4) | page size (4) | sequence (4) | salts (8) | …
 * frame  = page (4) | pages after commit, else 0 (4) | salts (8) | … | the page
 * ```
 */
export function pagesInWal(
  wal: Uint8Array,
): { readonly pageSize: number; readonly pages: ReadonlySet<number> } {
  const pages = new Set<number>();
  if (wal.length < WAL_HEADER) return { pageSize: 0, pages };
  const view = new DataView(wal.buffer, wal.byteOffset, wal.length);
  const pageSize = view.getUint32(8);
  const frame = FRAME_HEADER + pageSize;
  let open: number[] = [];
  for (let at = WAL_HEADER; at + frame <= wal.length; at += frame) {
    // Frames of an earlier round of the WAL have other salts.
    if (view.getBigUint64(at + 8) !== view.getBigUint64(16)) break;
    open.push(view.getUint32(at));
    if (view.getUint32(at + 4) === 0) continue;
    for (const page of open) pages.add(page);
    open = [];
  }
  return { pageSize, pages };
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
