/**
 * Putting a version in place, beside the one that runs: nothing that runs is
 * touched (`install/LAYOUT.md`).
 *
 * ```
 * versions/.<version>.part        what came so far
 * versions/.<version>.new/        complete; is asked for its version
 * versions/<version>/             the rename of the line above
 * ```
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../relay/files.ts";
import type { Release } from "./catalogue.ts";
import { download, sha256Of } from "./download.ts";
import { UpdateError } from "./error.ts";
import {
  EXECUTABLE,
  executableOf,
  ignoreMissing,
  isInstalled,
  type Layout,
  linkedVersion,
  versionDirectory,
} from "./layout.ts";
import { isVersion } from "./version.ts";

/** A self-extracting executable takes its size again, and more, unpacked. */
const ROOM_FACTOR = 4;
/** Room that is left to the relay, in bytes. */
const SPARE = 64 * 1024 * 1024;
/** How long an executable may take to say its version: a Pi unpacks it first. */
const SAY_VERSION_MS = 180_000;

/** How a version is put in place. */
export interface PlaceOptions {
  readonly layout: Layout;
  /** Base address of the repository. */
  readonly url: string;
  readonly signal?: AbortSignal;
  /** How long it may take to say its version, in milliseconds. */
  readonly sayVersionMs?: number;
  /** Hears what was done. */
  readonly onStep?: (step: "downloaded" | "unpacked" | "placed") => unknown;
}

/**
 * Fetches a version and puts it in place, ready to be switched to.
 *
 * @throws {UpdateError} `no room`, `unreachable`, `untrusted` or `broken`
 */
export async function placeVersion(
  release: Release,
  options: PlaceOptions,
): Promise<void> {
  const { layout, url, signal, onStep } = options;
  const { version, length, sha256 } = release;
  const versions = join(layout.programs, "versions");
  if (
    await isInstalled(layout, version) &&
    await sha256Of(executableOf(layout, version)) === sha256
  ) return;
  const part = join(versions, `.${version}.part`);
  await tidy(layout, [`.${version}.part`]);
  await checkRoom(versions, length * ROOM_FACTOR + SPARE);
  await download({ url: `${url}/${release.path}`, length, sha256 }, part, {
    signal,
  });
  await onStep?.("downloaded");
  const making = join(versions, `.${version}.new`);
  await Deno.mkdir(join(making, "unpacked"), { recursive: true, mode: 0o755 });
  const executable = join(making, EXECUTABLE);
  await Deno.chmod(part, 0o755);
  await Deno.rename(part, executable);
  try {
    await sayVersion(executable, version, options.sayVersionMs);
    await syncTree(making);
    await onStep?.("unpacked");
    await Deno.remove(versionDirectory(layout, version), { recursive: true })
      .catch(ignoreMissing);
    await Deno.rename(making, versionDirectory(layout, version));
    await syncDirectory(versions);
  } catch (error) {
    await Deno.remove(making, { recursive: true });
    throw error;
  }
  await onStep?.("placed");
}

/**
 * Removes what no link names: other versions, and what was begun and not
 * finished, except for `keep`.
 */
export async function tidy(
  layout: Layout,
  keep: readonly string[] = [],
): Promise<void> {
  const versions = join(layout.programs, "versions");
  const linked = [
    await linkedVersion(layout, "current"),
    await linkedVersion(layout, "previous"),
  ];
  for await (const { name } of Deno.readDir(versions)) {
    const ours = isVersion(name) || /^\..+\.(?:part|new)$/.test(name);
    if (!ours || linked.includes(name) || keep.includes(name)) continue;
    await Deno.remove(join(versions, name), { recursive: true })
      .catch(ignoreMissing);
  }
}

async function checkRoom(directory: string, wanted: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= wanted) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MB`;
  throw new UpdateError(
    "no room",
    `The disk has ${mb(free)} left, and the update needs ${mb(wanted)}.`,
    { remedy: "Make room; the update is tried again by itself." },
  );
}

/**
 * Runs it for the first time: what cannot even say its version is not
 * switched to. A self-extracting executable unpacks itself here.
 */
async function sayVersion(
  executable: string,
  version: string,
  timeoutMs = SAY_VERSION_MS,
): Promise<void> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(executable, {
      args: ["version"],
      cwd: "/",
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch (cause) {
    throw new UpdateError("broken", "It cannot be started here.", { cause });
  }
  const reader = child.stdout.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    // What it started itself may hold the pipe open.
    reader.cancel().catch(() => {});
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended this very moment.
    }
  }, timeoutMs);
  try {
    const text = await firstWords(reader);
    const { code, signal } = await child.status;
    if (late) {
      throw new UpdateError("broken", "It does not say its version in time.");
    }
    if (code !== 0 || !text.startsWith(`porchlight ${version} `)) {
      const how = signal === null ? `exit code ${code}` : signal;
      throw new UpdateError(
        "broken",
        `It does not run here: asked for its version, it ends with ${how}.`,
      );
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => {});
  }
}

/** Reads all, and keeps the beginning. */
async function firstWords(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text;
    if (text.length < 1000) text += decoder.decode(value, { stream: true });
  }
}

/** Brings everything below a directory onto the disk. */
async function syncTree(directory: string): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(directory)) {
    const path = join(directory, name);
    if (isDirectory) await syncTree(path);
    if (!isFile) continue;
    using file = await Deno.open(path);
    await file.sync();
  }
  await syncDirectory(directory);
}
