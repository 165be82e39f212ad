/**
 * What the relay needs of its machine, in numbers.
 *
 * @module
 */

import { readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { STORE_FILE } from "./store/mod.ts";

/** Sizes in bytes. */
export interface MachineUse {
  /** Threads of this process. */
  readonly threads: number;
  /** Memory of this process. */
  readonly memoryBytes: number;
  /** The database with its WAL. */
  readonly storeBytes: number;
  /** Room on the disk of the data directory. */
  readonly diskFreeBytes: number;
}

/** Reads them now; 0 for what the system does not tell. */
export function machineUse(directory: string): MachineUse {
  const database = join(directory, STORE_FILE);
  return {
    threads: threads(),
    memoryBytes: Deno.memoryUsage().rss,
    storeBytes: sizeOf(database) + sizeOf(`${database}-wal`),
    diskFreeBytes: freeOn(directory),
  };
}

/** proc(5), `/proc/self/status`. */
function threads(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/^Threads:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function freeOn(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
