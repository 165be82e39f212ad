/**
 * Looking for a new version, and installing it.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import type { Config } from "../config/mod.ts";
import { chooseRelease } from "./choose.ts";
import { UpdateError } from "./error.ts";
import { isWithinHours } from "./hours.ts";
import {
  ignoreMissing,
  isInstalled,
  type Layout,
  linkedVersion,
} from "./layout.ts";
import { type PlaceOptions, placeVersion, tidy } from "./place.ts";
import { findRestart } from "./restart.ts";
import { runningVersion, selfTest } from "./relay_check.ts";
import {
  changeState,
  type Channel,
  type Expectation,
  lockUpdates,
  readState,
  type UpdateState,
} from "./state.ts";
import {
  resumeTrial,
  type TrialResult,
  type TrialStep,
  type TrialWorld,
  tryVersion,
} from "./trial.ts";
import { trustOf } from "./trust/mod.ts";

/** What is being done, for those who watch. */
export type UpdateStep =
  | TrialStep
  | Parameters<NonNullable<PlaceOptions["onStep"]>>[0]
  | "checked";

/** What an update works with. */
export interface UpdateOptions {
  readonly config: Config;
  readonly layout: Layout;
  /** The machine that executables are made for; this one unless given. */
  readonly target?: string;
  /** How long a new version has to show that it works; a minute unless given. */
  readonly testMs?: number;
  /** How long it may take to say its version, in milliseconds. */
  readonly sayVersionMs?: number;
  readonly signal?: AbortSignal;
  /** Hears each step before the next begins. */
  readonly onStep?: (step: UpdateStep) => unknown;
  readonly now?: () => Date;
}

/** How it is asked for. */
export interface UpdateRequest {
  /** Only look. */
  readonly checkOnly?: boolean;
  /** By the timer: only when it is time to, and as the settings say. */
  readonly byTimer?: boolean;
  /** Also in quiet hours, before its turn, and what failed too often. */
  readonly now?: boolean;
}

/** What came of it. */
export type UpdateResult =
  | TrialResult
  | { readonly outcome: "not yet" }
  | { readonly outcome: "newest"; readonly version: string }
  | {
    readonly outcome: "available";
    readonly version: string;
    readonly notes?: string;
    /** Why it is not installed. */
    readonly because: "only looked" | "later" | "failed" | "quiet hours";
  };

/** No Porchlight that updates itself is older. */
const BEGINNING = Date.UTC(2026, 10, 1);
const DAY_MS = 86_400_000;
/** A failed check or update is tried again so soon, at the earliest. */
const AGAIN_MS = 3 * 3_600_000;

/**
 * Ends what was broken off, looks for a newer version and installs it.
 *
 * @throws {UpdateError}
 */
export async function update(
  options: UpdateOptions,
  request: UpdateRequest = {},
): Promise<UpdateResult> {
  const { layout, config } = options;
  using _lock = await lockUpdates(layout);
  const resumed = await resumeTrial(trialWorld(options));
  if (resumed !== undefined) return await noted(layout, resumed);
  const { automatic, quietHours } = config.update;
  if (request.byTimer && !await isTime(options)) return { outcome: "not yet" };
  const { release, result, url } = await look(options, request);
  if (release === undefined) return result;
  const available = {
    outcome: "available",
    version: release.version,
    notes: release.notes,
  } as const;
  if (request.checkOnly || (request.byTimer && automatic !== "install")) {
    return { ...available, because: "only looked" };
  }
  const quiet = !request.now && isWithinHours(quietHours, time(options));
  if (quiet) {
    await soon(options);
    return { ...available, because: "quiet hours" };
  }
  try {
    await placeVersion(release, { ...options, url });
  } catch (error) {
    await soon(options);
    if (!(error instanceof UpdateError)) throw error;
    if (error.code === "broken") {
      await countFailure(layout, release.version, error);
    } else await tell(layout, error);
    throw error;
  }
  return await switchTo(release.version, options);
}

/**
 * Goes back to the version before, and stays there until a newer one than
 * this comes.
 *
 * @throws {UpdateError} `nothing before`, `busy`, `not allowed`
 */
export async function rollBack(options: UpdateOptions): Promise<TrialResult> {
  const { layout } = options;
  using _lock = await lockUpdates(layout);
  const resumed = await resumeTrial(trialWorld(options));
  if (resumed !== undefined) return await noted(layout, resumed);
  const previous = await linkedVersion(layout, "previous");
  const current = await linkedVersion(layout, "current");
  if (
    previous === undefined || current === undefined || previous === current ||
    !await isInstalled(layout, previous)
  ) {
    throw new UpdateError(
      "nothing before",
      "There is no version before this one on this machine.",
    );
  }
  const result = await switchTo(previous, options);
  if (result.outcome !== "went back") {
    await changeState(layout, (state) => ({
      ...state,
      failures: {
        ...state.failures,
        [current]: { tries: 3, reason: "You went back from it." },
      },
    }));
  }
  return result;
}

/** Versions of this channel are offered from now on. */
export async function setChannel(
  layout: Layout,
  channel: Channel,
): Promise<void> {
  using _lock = await lockUpdates(layout);
  await changeState(layout, (state) => ({
    ...state,
    channel,
    nextCheckAt: undefined,
    available: undefined,
  }));
}

async function switchTo(
  version: string,
  options: UpdateOptions,
): Promise<TrialResult> {
  const expect = await expectationOf(options);
  const result = await tryVersion(version, { ...trialWorld(options), expect });
  return await noted(options.layout, result);
}

/** What the relay can do that runs now: no more is asked of the next one. */
async function expectationOf(
  { config, testMs }: UpdateOptions,
): Promise<Expectation> {
  const version = await runningVersion(config.control.socket);
  if (version === undefined) return "nothing";
  const { signal } = new AbortController();
  const fault = await selfTest({
    config,
    version,
    expect: "works",
    signal,
    withinMs: testMs,
  });
  return fault === undefined ? "works" : "answers";
}

/** Cleans up, and looks again soon after a failure. */
async function noted(
  layout: Layout,
  result: TrialResult,
): Promise<TrialResult> {
  if (result.outcome === "restart needed") return result;
  await tidy(layout);
  if (result.outcome === "went back") {
    await changeState(layout, (state) => ({
      ...state,
      nextCheckAt: Date.now() + AGAIN_MS * (1 + Math.random()),
    }));
  }
  return result;
}

function trialWorld(options: UpdateOptions): TrialWorld {
  const { layout, config, testMs, onStep } = options;
  return {
    layout,
    onStep,
    restart: findRestart(config.update.restartCommand),
    running: () => runningVersion(config.control.socket),
    test: (version, { expect, signal }) =>
      selfTest({ config, version, expect, signal, withinMs: testMs }),
  };
}

/** Whether the timer shall look: not switched off, and long enough ago. */
async function isTime(options: UpdateOptions): Promise<boolean> {
  if (options.config.update.automatic === "off") return false;
  const { nextCheckAt = 0, checkedAt = 0 } = await readState(options.layout);
  const now = time(options).getTime();
  // A clock that was set back must not put it off for years.
  const setBack = now < checkedAt - DAY_MS;
  return now >= nextCheckAt || setBack;
}

interface Looked {
  /** To be installed. */
  readonly release?: Parameters<typeof placeVersion>[0];
  readonly result: UpdateResult;
  readonly url: string;
}

/** Asks the repository, and remembers what it said. */
async function look(
  options: UpdateOptions,
  request: UpdateRequest,
): Promise<Looked> {
  const { layout, config } = options;
  try {
    const state = await readState(layout);
    checkClock(time(options), state);
    const trust = await trustOf(config.update);
    const { fetchReleases } = await import("./catalogue.ts");
    const releases = await fetchReleases(trust, {
      state: layout.state,
      target: options.target ?? targetOf(Deno.build),
    });
    await options.onStep?.("checked");
    const version = await linkedVersion(layout, "current");
    if (version === undefined) {
      throw new UpdateError(
        "not installed",
        `${layout.programs}/current names no version.`,
        { remedy: "Run the installer again." },
      );
    }
    const choice = chooseRelease(releases, {
      channel: state.channel ?? config.update.channel,
      version,
      relay: await relayName(config, layout),
      failures: state.failures,
      now: request.now,
    });
    const newest = choice === undefined
      ? undefined
      : "take" in choice
      ? choice.take
      : choice.newest;
    await remember(options, newest);
    if (choice === undefined || newest === undefined) {
      return { result: { outcome: "newest", version }, url: trust.url };
    }
    const because = "take" in choice ? "only looked" : choice.because;
    return {
      release: "take" in choice ? choice.take : undefined,
      url: trust.url,
      result: {
        outcome: "available",
        version: newest.version,
        notes: newest.notes,
        because,
      },
    };
  } catch (error) {
    if (error instanceof UpdateError) await tell(layout, error);
    await soon(options);
    throw error;
  }
}

/** Whether the dates of the signed lists can be judged by this clock. */
function checkClock(now: Date, { checkedAt = 0 }: UpdateState): void {
  const seen = Math.max(BEGINNING, checkedAt);
  if (now.getTime() > seen - DAY_MS) return;
  const shown = now.toISOString().slice(0, 10);
  throw new UpdateError(
    "clock",
    `The clock of this machine says ${shown}, and it was later than that ` +
      "already. With a wrong clock, old versions cannot be told from new ones.",
    { remedy: "Set the clock: sudo timedatectl set-ntp true" },
  );
}

async function remember(
  options: UpdateOptions,
  newest: { version: string; notes?: string } | undefined,
): Promise<void> {
  const now = time(options).getTime();
  const { checkEveryMs } = options.config.update;
  await changeState(options.layout, (state) => ({
    ...state,
    checkedAt: now,
    // So that not all relays ask at the same time.
    nextCheckAt: now + checkEveryMs * (0.75 + Math.random() / 2),
    problem: undefined,
    available: newest === undefined
      ? undefined
      : { version: newest.version, notes: newest.notes },
  }));
}

/** The next look is soon, not in a day. */
async function soon(options: UpdateOptions): Promise<void> {
  const again = Math.min(AGAIN_MS, options.config.update.checkEveryMs);
  await changeState(options.layout, (state) => ({
    ...state,
    nextCheckAt: time(options).getTime() + again * (0.5 + Math.random() / 2),
  }));
}

async function tell(
  layout: Layout,
  { message: reason, remedy }: UpdateError,
): Promise<void> {
  await changeState(layout, (state) => ({
    ...state,
    problem: { reason, remedy },
  }));
}

async function countFailure(
  layout: Layout,
  version: string,
  { message: reason }: UpdateError,
): Promise<void> {
  await changeState(layout, (state) => {
    const tries = (state.failures[version]?.tries ?? 0) + 1;
    const failures = { ...state.failures, [version]: { tries, reason } };
    return { ...state, failures };
  });
}

/** Tells this relay from others, and stays on this machine. */
async function relayName(config: Config, layout: Layout): Promise<string> {
  const path = config.tls.ca || join(config.data.directory, "ca.crt");
  try {
    return new X509Certificate(await Deno.readTextFile(path)).fingerprint256;
  } catch {
    // A core has none, and a damaged one is another's to tell.
    return await machineName(layout);
  }
}

async function machineName({ state }: Layout): Promise<string> {
  const path = join(state, "name");
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    ignoreMissing(error);
    const name = crypto.randomUUID();
    await Deno.writeTextFile(path, name, { mode: 0o600 });
    return name;
  }
}

/** `x86_64-linux`: as executables are named. */
export function targetOf(
  { arch, os }: { readonly arch: string; readonly os: string },
): string {
  return `${arch}-${os}`;
}

function time({ now }: UpdateOptions): Date {
  return now?.() ?? new Date();
}
