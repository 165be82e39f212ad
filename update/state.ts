/**
 * What the update remembers: which version is being tried, which ones failed,
 * when to look again. One file, replaced as a whole.
 *
 * @module
 */

import { join } from "node:path";
import { writeFileAtomic } from "../relay/files.ts";
import { UpdateError } from "./error.ts";
import type { Layout } from "./layout.ts";
import { isVersion } from "./version.ts";

/** Updates of these channels are offered; beta has those of stable as well. */
export const CHANNELS = ["stable", "beta"] as const;
export type Channel = typeof CHANNELS[number];

/**
 * What a version has to do to be kept: what the one before it did. `nothing`:
 * no relay was running. `answers`: it answered its owner, but could not be
 * used even by an app on this machine, for example as it was full. `works`: it
 * could.
 */
const EXPECTATIONS = ["nothing", "answers", "works"] as const;
export type Expectation = typeof EXPECTATIONS[number];

/** A version that runs, or is about to, and has not shown yet that it works. */
export interface Trial {
  readonly version: string;
  /** The version to go back to. */
  readonly from: string;
  /** The one before that, which `previous` named. */
  readonly before?: string;
  /**
   * `trying`: the links are being switched or it runs (the link `current` says
   * which). `going back`: it failed, for `reason`.
   */
  readonly step: "trying" | "going back";
  readonly reason?: string;
  /** How often the guard saw it start. */
  readonly starts: number;
  /** What the new one has to show, for the old one did. */
  readonly expect: Expectation;
}

/** How often a version failed, and why it did the last time. */
export interface Failure {
  readonly tries: number;
  readonly reason: string;
}

/** The whole memory. Times are milliseconds since 1970. */
export interface UpdateState {
  /** Set by `porchlight update --channel`; else the setting counts. */
  readonly channel?: Channel;
  readonly checkedAt?: number;
  readonly nextCheckAt?: number;
  /** What was wrong with the last check. */
  readonly problem?: { readonly reason: string; readonly remedy?: string };
  /** A newer version that is not installed yet. */
  readonly available?: { readonly version: string; readonly notes?: string };
  readonly trial?: Trial;
  readonly failures: Readonly<Record<string, Failure>>;
  /** The last update that succeeded. */
  readonly updated?: {
    readonly version: string;
    readonly from: string;
    readonly at: number;
  };
}

const FILE = "state.json";
const LOCK = "state.lock";
const EMPTY: UpdateState = { failures: {} };

/** Largest file that is read, in bytes. */
const MAX_FILE = 1 << 20;

/** The memory; an empty one where there is none or it is damaged. */
export async function readState(layout: Layout): Promise<UpdateState> {
  try {
    const path = join(layout.state, FILE);
    if ((await Deno.stat(path)).size > MAX_FILE) return EMPTY;
    return stateIn(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return EMPTY;
    if (error instanceof SyntaxError) return EMPTY;
    throw error;
  }
}

/**
 * Changes the memory while no other process does. `change` may also switch
 * links, so that both belong together for those who look under the lock.
 *
 * @throws what `change` throws, and the errors of the file system
 */
export async function changeState(
  layout: Layout,
  change: (state: UpdateState) => UpdateState | Promise<UpdateState>,
): Promise<UpdateState> {
  // Others may read it: there is nothing secret in it, and the relay's
  // `status` tells what it says.
  await Deno.mkdir(layout.state, { recursive: true, mode: 0o755 });
  using lock = await openLock(join(layout.state, LOCK));
  await lock.lock(true);
  const before = await readState(layout);
  const after = await change(before);
  if (after !== before) {
    const text = `${JSON.stringify({ format: 1, ...after }, undefined, 2)}\n`;
    await writeFileAtomic(join(layout.state, FILE), text);
  }
  return after;
}

/**
 * Keeps other updates out until it is disposed of; the system does that when
 * the process ends, however it does.
 *
 * @throws {UpdateError} `busy`, `not allowed`
 */
export async function lockUpdates(layout: Layout): Promise<Disposable> {
  await Deno.mkdir(layout.state, { recursive: true, mode: 0o755 })
    .catch(explainDenied);
  const lock = await openLock(join(layout.state, "update.lock"))
    .catch(explainDenied);
  if (await lock.tryLock(true)) return lock;
  lock.close();
  throw new UpdateError("busy", "Another update is at work already.", {
    remedy: "Wait until it is done.",
  });
}

function openLock(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { write: true, create: true, mode: 0o644 });
}

function explainDenied(cause: unknown): never {
  const denied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
  if (!denied) throw cause;
  throw new UpdateError(
    "not allowed",
    "This user may not change the program. Try again with sudo.",
    { cause },
  );
}

/** Takes of a file what is right in it. */
function stateIn(value: unknown): UpdateState {
  if (!isRecord(value)) return EMPTY;
  const failures: Record<string, Failure> = {};
  for (const [version, it] of Object.entries(recordIn(value, "failures"))) {
    if (!isVersion(version) || !isRecord(it)) continue;
    const { tries, reason } = it;
    if (typeof tries === "number" && typeof reason === "string") {
      failures[version] = { tries, reason };
    }
  }
  const available = recordIn(value, "available");
  const updated = recordIn(value, "updated");
  const problem = recordIn(value, "problem");
  return {
    channel: CHANNELS.find((channel) => channel === value.channel),
    checkedAt: numberOf(value.checkedAt),
    nextCheckAt: numberOf(value.nextCheckAt),
    problem: typeof problem.reason === "string"
      ? { reason: problem.reason, remedy: textOf(problem.remedy) }
      : undefined,
    available: isVersionText(available.version)
      ? { version: available.version, notes: textOf(available.notes) }
      : undefined,
    trial: trialIn(value.trial),
    failures,
    updated: isVersionText(updated.version) && isVersionText(updated.from)
      ? {
        version: updated.version,
        from: updated.from,
        at: numberOf(updated.at) ?? 0,
      }
      : undefined,
  };
}

function trialIn(value: unknown): Trial | undefined {
  if (!isRecord(value)) return undefined;
  const { version, from, before, step } = value;
  if (!isVersionText(version) || !isVersionText(from)) return undefined;
  return {
    version,
    from,
    before: isVersionText(before) ? before : undefined,
    step: step === "going back" ? step : "trying",
    reason: textOf(value.reason),
    starts: numberOf(value.starts) ?? 0,
    expect: EXPECTATIONS.find((each) => each === value.expect) ?? "works",
  };
}

function recordIn(
  value: Record<string, unknown>,
  key: string,
): Record<string, unknown> {
  const inside = value[key];
  return isRecord(inside) ? inside : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isVersionText(value: unknown): value is string {
  return typeof value === "string" && isVersion(value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
