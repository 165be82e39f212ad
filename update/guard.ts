/**
 * What runs before each start of the relay (`ExecStartPre`), by the program
 * that `previous` names: the one that is known to work while a new version is
 * being tried.
 *
 * @module
 */

import { isInstalled, type Layout, linkedVersion, setLink } from "./layout.ts";
import { changeState, type UpdateState } from "./state.ts";
import { wentBack } from "./trial.ts";

/** A version that was started so often without having shown that it works is given up. */
export const MAX_STARTS = 3;

/** What the guard did, in a sentence; `undefined`: there was nothing to do. */
export type GuardAnswer = string | undefined;

/**
 * Counts the starts of a version that is being tried, and goes back when it
 * was started too often; puts a link right that leads nowhere.
 *
 * @throws the errors of the file system
 */
export async function guardStart(layout: Layout): Promise<GuardAnswer> {
  let did: GuardAnswer;
  await changeState(layout, async (state) => {
    const { trial } = state;
    const current = await linkedVersion(layout, "current");
    const runs = current !== undefined && await isInstalled(layout, current);
    if (trial !== undefined && current === trial.version) {
      if (trial.step === "going back") {
        // Whoever began it ends it; the relay shall not wait for that.
        await setLink(layout, "current", trial.from);
        did = `Starting version ${trial.from} again.`;
        return state;
      }
      if (runs && trial.starts < MAX_STARTS) {
        return { ...state, trial: { ...trial, starts: trial.starts + 1 } };
      }
      did = `Version ${trial.version} does not start; back to ${trial.from}.`;
      return await giveUp(layout, state);
    }
    if (runs) return state;
    const previous = await linkedVersion(layout, "previous");
    if (previous !== undefined && await isInstalled(layout, previous)) {
      await setLink(layout, "current", previous);
      did = `The program was damaged; starting version ${previous}.`;
    }
    return state;
  });
  return did;
}

async function giveUp(
  layout: Layout,
  state: UpdateState,
): Promise<UpdateState> {
  const { trial } = state;
  if (trial === undefined) return state;
  await setLink(layout, "current", trial.from);
  return await wentBack(layout, state, {
    ...trial,
    reason: `It was started ${MAX_STARTS} times and never came up.`,
  });
}
