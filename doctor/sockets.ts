/**
 * Which program listens on a port of this machine.
 *
 * @module
 */

import type { Machine } from "./machine.ts";

/** `TCP_LISTEN` in the fourth column of `/proc/net/tcp`. */
const LISTEN = "0A";

/** A process; as far as we may look. */
export interface Process {
  readonly pid: number;
  /** "nginx" */
  readonly name: string;
}

/** Who listens on a port. */
export interface Listening {
  /** There is somebody. */
  readonly taken: boolean;
  /** Who it is; `undefined` for processes of others, unless we are root. */
  readonly by?: Process;
}

/**
 * Looks for listeners on a TCP port.
 *
 * ```
 * sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
 * 0: 0100007F:1467 00000000:0000 0A … 0 0 12345
 * ```
 *
 * Source: proc_net(5).
 */
export function listeningOn(port: number, machine: Machine): Listening {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (machine.read(file) ?? "").split("\n")) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTEN && local.endsWith(`:${hex}`)) inodes.add(inode);
    }
  }
  if (inodes.size === 0) return { taken: false };
  return { taken: true, by: ownerOf(inodes, machine) };
}

function ownerOf(
  inodes: ReadonlySet<string>,
  machine: Machine,
): Process | undefined {
  const pids = machine.list("/proc").filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of machine.list(`/proc/${pid}/fd`)) {
      const link = machine.link(`/proc/${pid}/fd/${fd}`) ?? "";
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const name = machine.read(`/proc/${pid}/comm`)?.trim() ?? "a program";
      return { pid: Number(pid), name };
    }
  }
  return undefined;
}
