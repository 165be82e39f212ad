/**
 * Where the versions of the program lie, and which of them runs
 * (`install/LAYOUT.md`).
 *
 * ```
 * <programs>/versions/<version>/porchlight   one installed version
 * <programs>/current  -> versions/<version>  what runs
 * <programs>/previous -> versions/<version>  what ran before
 * ```
 *
 * @module
 */

import { basename, join } from "node:path";
import type { Environment } from "../config/mod.ts";
import { syncDirectory } from "../relay/files.ts";
import { isVersion } from "./version.ts";

/** Names the directory of the versions where the program cannot tell. */
export const PROGRAMS_VARIABLE = "PORCHLIGHT_PROGRAMS";

/** Where the installer puts versions, and what the update knows of them. */
const SYSTEM_PROGRAMS = "/usr/libexec/porchlight";
const SYSTEM_STATE = "/var/lib/porchlight-update";

/** Name of the executable in the directory of its version. */
export const EXECUTABLE = "porchlight";

/** Which of the two links. */
export type Link = "current" | "previous";

/** The places that an update works in. */
export interface Layout {
  /** Directory of `versions/`, `current` and `previous`. */
  readonly programs: string;
  /** Directory of what the update remembers. */
  readonly state: string;
}

/**
 * The layout that this program was installed in; `undefined` where it was
 * not: then it runs from its source, or was copied somewhere by hand.
 */
export function findLayout(
  env: Environment,
  executable: string = Deno.execPath(),
): Layout | undefined {
  const programs = env[PROGRAMS_VARIABLE] ||
    /^(.+)\/versions\/[^/]+\//.exec(executable)?.[1];
  if (programs === undefined) return undefined;
  const state = programs === SYSTEM_PROGRAMS
    ? SYSTEM_STATE
    : join(programs, "update");
  return { programs, state };
}

/** Directory of one version. */
export function versionDirectory({ programs }: Layout, version: string) {
  return join(programs, "versions", version);
}

/** The executable of one version. */
export function executableOf(layout: Layout, version: string): string {
  return join(versionDirectory(layout, version), EXECUTABLE);
}

/** The version that a link names; `undefined` where there is none. */
export async function linkedVersion(
  { programs }: Layout,
  link: Link,
): Promise<string | undefined> {
  try {
    const version = basename(await Deno.readLink(join(programs, link)));
    return isVersion(version) ? version : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether this version is there and may be run. */
export async function isInstalled(
  layout: Layout,
  version: string,
): Promise<boolean> {
  try {
    const { isFile, mode, size } = await Deno.stat(
      executableOf(layout, version),
    );
    return isFile && size > 0 && ((mode ?? 0) & 0o111) !== 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/**
 * Lets a link name a version, or none. It is the old one or the new one after
 * a power cut, and on disk when the promise resolves.
 *
 * @throws the errors of the file system
 */
export async function setLink(
  { programs }: Layout,
  link: Link,
  version: string | undefined,
): Promise<void> {
  const path = join(programs, link);
  if (version === undefined) {
    await Deno.remove(path).catch(ignoreMissing);
  } else {
    const temporary = join(programs, `.${link}.new`);
    await Deno.remove(temporary).catch(ignoreMissing);
    await Deno.symlink(`versions/${version}`, temporary);
    await Deno.rename(temporary, path);
  }
  await syncDirectory(programs);
}

/** For removals: what is not there need not be removed. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
