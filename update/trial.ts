/**
 * Switching to another version and finding out whether it works; if not, going
 * back.
 *
 * ```text
 *            current    state.trial     after a power cut here
 * begin      from       -               nothing has happened
 *            from       trying          dropped: the old one runs
 * switched   version    trying          tested again
 * passed     version    -               done
 * failed     version    going back      goes back
 *            from       going back      the old one is restarted
 *            from       -               done, one more failure counted
 * ```
 *
 * The guard (`guard.ts`) goes back too, when a version does not even start.
 *
 * @module
 */

import { isInstalled, type Layout, linkedVersion, setLink } from "./layout.ts";
import type { Restart } from "./restart.ts";
import {
  changeState,
  type Expectation,
  readState,
  type Trial,
  type UpdateState,
} from "./state.ts";

/** Where a switch is. */
export type TrialStep =
  | "noted"
  | "previous kept"
  | "switched"
  | "restarted"
  | "tested"
  | "passed"
  | "failed"
  | "switched back"
  | "restarted back";

/** What a trial needs. */
export interface TrialWorld {
  readonly layout: Layout;
  /** `undefined`: the owner has to restart the relay. */
  readonly restart: Restart | undefined;
  /** The version of the relay that answers, if one does. */
  running(): Promise<string | undefined>;
  /**
   * Waits for this version and tries it out, within its time: what is wrong,
   * or nothing. Broken off by `signal`.
   */
  test(
    version: string,
    options: { readonly expect: Expectation; readonly signal: AbortSignal },
  ): Promise<string | undefined>;
  readonly onStep?: (step: TrialStep) => unknown;
}

/** What came of it. */
export type TrialResult =
  | { readonly outcome: "updated"; readonly version: string }
  | {
    readonly outcome: "went back";
    readonly version: string;
    readonly to: string;
    readonly reason: string;
  }
  /** Nobody can restart the relay but its owner. */
  | { readonly outcome: "restart needed"; readonly version: string };

/** How often the test looks whether the guard went back meanwhile. */
const LOOK_MS = 500;
/** How long going back waits for the old version: it may have to stop first a version that hangs. */
const BACK_MS = 60_000;

/** Switches to a version that is in place, and tests it. */
export async function tryVersion(
  version: string,
  { expect, ...world }: TrialWorld & { readonly expect: Expectation },
): Promise<TrialResult> {
  const { layout } = world;
  await changeState(layout, async (state) => {
    const from = await linkedVersion(layout, "current");
    if (from === undefined) throw new TypeError("Cannot tell what runs");
    const before = await linkedVersion(layout, "previous");
    const trial: Trial = {
      version,
      from,
      before,
      step: "trying",
      starts: 0,
      expect,
    };
    return { ...state, trial };
  });
  await world.onStep?.("noted");
  const trial = await trialNow(layout);
  if (trial === undefined) throw new TypeError("The trial is gone");
  await setLink(layout, "previous", trial.from);
  await world.onStep?.("previous kept");
  await setLink(layout, "current", version);
  await world.onStep?.("switched");
  return await runTrial(trial, world);
}

/**
 * Ends what a power cut or a kill broke off; `undefined`: there was nothing,
 * or it was dropped.
 */
export async function resumeTrial(
  world: TrialWorld,
): Promise<TrialResult | undefined> {
  const { layout } = world;
  const trial = await trialNow(layout);
  if (trial === undefined) return undefined;
  if (trial.step === "going back") return await goBack(trial, world);
  if (await linkedVersion(layout, "current") === trial.version) {
    return await runTrial(trial, world);
  }
  // It was cut before the switch, or somebody else switched since.
  await changeState(layout, async (state) => {
    if (await linkedVersion(layout, "current") === trial.from) {
      await setLink(layout, "previous", await presentOne(layout, trial.before));
    }
    return { ...state, trial: undefined };
  });
  return undefined;
}

async function runTrial(
  trial: Trial,
  world: TrialWorld,
): Promise<TrialResult> {
  const { layout, restart } = world;
  const { version } = trial;
  if (trial.expect === "nothing") {
    // Nothing runs that could show it: it said its version, that is all.
    await restart?.();
    return await confirm(trial, world);
  }
  // After a power cut it runs already; else it takes a restart.
  if (await world.running() !== version) {
    if (restart === undefined) return { outcome: "restart needed", version };
    await restart();
  }
  await world.onStep?.("restarted");
  const fault = await testUnlessGone(trial, world);
  await world.onStep?.("tested");
  if (fault === undefined) return await confirm(trial, world);
  const { trial: noted, failures } = await changeState(
    layout,
    (state) =>
      state.trial === undefined ? state : {
        ...state,
        trial: { ...state.trial, step: "going back", reason: fault },
      },
  );
  if (noted === undefined) {
    // The guard was faster.
    const reason = failures[version]?.reason ?? fault;
    if (restart !== undefined) await untilRuns(trial.from, world);
    return { outcome: "went back", version, to: trial.from, reason };
  }
  await world.onStep?.("failed");
  return await goBack(noted, world);
}

async function testUnlessGone(
  { version, expect }: Trial,
  { layout, test }: TrialWorld,
): Promise<string | undefined> {
  const gone = new AbortController();
  const looking = setInterval(async () => {
    if (await trialNow(layout) === undefined) gone.abort();
  }, LOOK_MS);
  try {
    return await test(version, { expect, signal: gone.signal });
  } finally {
    clearInterval(looking);
  }
}

async function confirm(
  { version, from }: Trial,
  { layout, onStep }: TrialWorld,
): Promise<TrialResult> {
  await changeState(layout, (state) => ({
    ...state,
    trial: undefined,
    available: undefined,
    failures: withoutVersion(state, version),
    updated: { version, from, at: Date.now() },
  }));
  await onStep?.("passed");
  return { outcome: "updated", version };
}

async function goBack(trial: Trial, world: TrialWorld): Promise<TrialResult> {
  const { layout, restart, onStep } = world;
  const { version, from } = trial;
  const reason = trial.reason ?? "It did not work.";
  await setLink(layout, "current", from);
  await onStep?.("switched back");
  await restart?.();
  await onStep?.("restarted back");
  await changeState(
    layout,
    async (state) => await wentBack(layout, state, { ...trial, reason }),
  );
  if (restart !== undefined) await untilRuns(from, world);
  return { outcome: "went back", version, to: from, reason };
}

/** So that who asked for the update is told the truth: not before the relay is back. */
async function untilRuns(version: string, world: TrialWorld): Promise<void> {
  const begun = performance.now();
  while (
    await world.running() !== version && performance.now() - begun < BACK_MS
  ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The memory after going back; also puts the link `previous` right. */
export async function wentBack(
  layout: Layout,
  state: UpdateState,
  { version, before, reason = "It did not work." }: Trial,
): Promise<UpdateState> {
  await setLink(layout, "previous", await presentOne(layout, before));
  const tries = (state.failures[version]?.tries ?? 0) + 1;
  return {
    ...state,
    trial: undefined,
    failures: { ...state.failures, [version]: { tries, reason } },
  };
}

async function presentOne(
  layout: Layout,
  version: string | undefined,
): Promise<string | undefined> {
  if (version === undefined) return undefined;
  return await isInstalled(layout, version) ? version : undefined;
}

function withoutVersion(
  { failures }: UpdateState,
  version: string,
): UpdateState["failures"] {
  return Object.fromEntries(
    Object.entries(failures).filter(([each]) => each !== version),
  );
}

async function trialNow(layout: Layout): Promise<Trial | undefined> {
  return (await readState(layout)).trial;
}
