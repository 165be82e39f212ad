/**
 * What this process has used so far.
 *
 * @module
 */

import process from "node:process";

/** Bytes that this process has caused to be written to disks. */
export function bytesWritten(): number {
  const io = Deno.readTextFileSync("/proc/self/io");
  return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
}

/** CPU time of all threads, µs. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
