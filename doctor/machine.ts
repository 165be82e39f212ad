/**
 * Reading what Linux says about itself.
 *
 * @module
 */

import { join } from "node:path";

/** `/proc` and `/sys`, or copies of them for tests. */
export interface Machine {
  /** A file's text, such as of `/proc/meminfo`; `undefined` where it cannot be read. */
  read(path: string): string | undefined;
  /** Names in a directory; none where it cannot be read. */
  list(path: string): string[];
  /** What a symbolic link says; `undefined` where it cannot be read. */
  link(path: string): string | undefined;
}

/** Longest file that is looked at, in bytes. */
const MAX_FILE = 1 << 22;

/** This machine, or what lies below `root` in its place. */
export function machineAt(root = "/"): Machine {
  return {
    read: (path) =>
      attempt(() => Deno.readTextFileSync(join(root, path)).slice(0, MAX_FILE)),
    list: (path) =>
      attempt(() =>
        Array.from(Deno.readDirSync(join(root, path)), ({ name }) => name)
      )?.sort() ?? [],
    link: (path) => attempt(() => Deno.readLinkSync(join(root, path))),
  };
}

/** Not there, not allowed, not Linux: all of it means that nothing is known. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
