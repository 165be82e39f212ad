/**
 * The list of released versions, as the project signed it: a client of The
 * Update Framework (theupdateframework.io, specification 1.0) by `tuf-js`.
 *
 * ```
 * <base>/tuf/<n>.root.json      signed offline; names the keys of the others
 * <base>/tuf/timestamp.json     signed daily or so: nothing newer is hidden
 * <base>/tuf/<n>.snapshot.json  which lists belong together
 * <base>/tuf/<n>.targets.json   the released files, their sizes and hashes
 * ```
 *
 * What was accepted is remembered in `tuf.json`, one file that is replaced as
 * a whole: older lists are refused from then on.
 *
 * @module
 */

import { join } from "node:path";
import { Metadata, MetadataKind } from "@tufjs/models";
import { Updater } from "tuf-js";
import { writeFileAtomic } from "../relay/files.ts";
import { UpdateError } from "./error.ts";
import { type Channel, CHANNELS } from "./state.ts";
import type { Trust } from "./trust/mod.ts";
import { isVersion } from "./version.ts";

/** One executable that was released. */
export interface Release {
  readonly version: string;
  /** Below the base address. */
  readonly path: string;
  /** Bytes. */
  readonly length: number;
  /** Hexadecimal, small letters. */
  readonly sha256: string;
  /** Channels that have it, and how many of a hundred relays take it. */
  readonly channels: Readonly<Partial<Record<Channel, number>>>;
  /** Only this version or a newer one can be updated to it. */
  readonly minVersion?: string;
  /** What is new, in a few sentences. */
  readonly notes?: string;
}

const NAMES = ["root", "timestamp", "snapshot", "targets"] as const;
type Remembered =
  & { name?: string }
  & Partial<
    Record<typeof NAMES[number], string>
  >;

const FILE = "tuf.json";
/** Largest executable that is believed, in bytes. */
const MAX_LENGTH = 1 << 30;
const MAX_NOTES = 2000;
const FETCH_TIMEOUT_MS = 30_000;

/**
 * Asks the repository, and gives the executables for `target` that it lists.
 *
 * @throws {UpdateError} `unreachable`, `untrusted`, `out of date`
 */
export async function fetchReleases(
  { url, root, name }: Trust,
  { state, target }: { state: string; target: string },
): Promise<Release[]> {
  const file = join(state, FILE);
  const known = await remembered(file, name);
  const work = await Deno.makeTempDir({ dir: state, prefix: ".tuf-" });
  try {
    await seed(work, { ...known, root: newerRoot(known.root, root) });
    try {
      const updater = new Updater({
        metadataDir: work,
        metadataBaseUrl: `${url}/tuf`,
        config: {
          fetchTimeout: FETCH_TIMEOUT_MS,
          fetchRetry: 1,
          userAgent: "porchlight",
          maxRootRotations: 64,
        },
      });
      await updater.refresh();
    } catch (error) {
      throw explain(error, url);
    } finally {
      // Also after an error: what was accepted before it counts from now on.
      await remember(file, { work, name });
    }
    return releasesIn(
      await Deno.readTextFile(join(work, "targets.json")),
      target,
    );
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function remembered(file: string, name: string): Promise<Remembered> {
  try {
    const all: Remembered = JSON.parse(await Deno.readTextFile(file));
    return all.name === name ? all : {};
  } catch (error) {
    const nothing = error instanceof Deno.errors.NotFound ||
      error instanceof SyntaxError;
    if (nothing) return {};
    throw error;
  }
}

/** The program may bring a newer root than the one remembered. */
function newerRoot(known: string | undefined, own: string): string {
  if (known === undefined) return own;
  return versionOfRoot(known) >= versionOfRoot(own) ? known : own;
}

function versionOfRoot(text: string): number {
  try {
    return Metadata.fromJSON(MetadataKind.Root, JSON.parse(text)).signed
      .version;
  } catch {
    // Damaged: the other one is taken.
    return 0;
  }
}

async function seed(work: string, files: Remembered): Promise<void> {
  for (const name of NAMES) {
    const text = files[name];
    if (text === undefined) continue;
    await Deno.writeTextFile(join(work, `${name}.json`), text);
  }
}

async function remember(
  file: string,
  { work, name }: { work: string; name: string },
): Promise<void> {
  const all: Remembered = { name };
  for (const each of NAMES) {
    try {
      all[each] = await Deno.readTextFile(join(work, `${each}.json`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  await writeFileAtomic(file, JSON.stringify(all), { mode: 0o600 });
}

/** `tuf-js` 6 tells its errors apart by their words alone once they are wrapped. */
function explain(cause: unknown, url: string): UpdateError {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/is expired/.test(text)) {
    return new UpdateError(
      "out of date",
      "The signed list of versions is out of date: its server is not looked " +
        "after, somebody holds new versions back, or the clock of this " +
        "machine is ahead.",
      { cause, remedy: "Look at the clock: porchlight doctor" },
    );
  }
  const network = cause instanceof TypeError ||
    /Failed to download|timed out|error sending request|aborted/i.test(text);
  if (network) {
    return new UpdateError("unreachable", `${url} cannot be reached.`, {
      cause,
      remedy: "It is tried again by itself. Is this machine online?",
    });
  }
  return new UpdateError(
    "untrusted",
    "The list of versions is not signed as it must be, or is older than one " +
      "that was seen before. Nothing of it is used.",
    {
      cause,
      remedy: "If that stays so for a day, tell the project: its server, or " +
        "the way to it, may be in the wrong hands.",
    },
  );
}

function releasesIn(text: string, target: string): Release[] {
  const { signed } = Metadata.fromJSON(
    MetadataKind.Targets,
    JSON.parse(text),
  );
  return Object.values(signed.targets).flatMap((file) => {
    const { version, target: made, minVersion, notes, channels } = file.custom;
    const { sha256 } = file.hashes;
    if (made !== target || typeof version !== "string") return [];
    const wrong = !isVersion(version) || !/^[0-9a-f]{64}$/.test(sha256 ?? "") ||
      file.length < 1 || file.length > MAX_LENGTH ||
      file.path !== `${version}/porchlight-${target}`;
    if (wrong) return [];
    return [{
      version,
      path: file.path,
      length: file.length,
      sha256,
      channels: channelsIn(channels),
      minVersion: typeof minVersion === "string" && isVersion(minVersion)
        ? minVersion
        : undefined,
      notes: typeof notes === "string" ? notes.slice(0, MAX_NOTES) : undefined,
    }];
  });
}

function channelsIn(value: unknown): Release["channels"] {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(CHANNELS.flatMap((channel) => {
    const percent: unknown = Object.getOwnPropertyDescriptor(value, channel)
      ?.value;
    return typeof percent === "number" ? [[channel, percent]] : [];
  }));
}
