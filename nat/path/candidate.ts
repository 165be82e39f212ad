/**
 * Changes of one candidate.
 *
 * @module
 */

import type { Candidate, PathKind, PathState } from "./state.ts";

/** Between checks of a way that failed, or when nobody can be asked, ms. */
const BACK_OFF_MS = [30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000];
/** Times are spread by this part of them, up and down. */
const SPREAD = 0.1;

/** A candidate of which nothing is known. */
export function fresh(kind: PathKind, family: Candidate["family"]): Candidate {
  return {
    kind,
    family,
    host: undefined,
    port: 0,
    state: "unknown",
    plausible: false,
    failures: 0,
    misses: 0,
    nextAt: Infinity,
  };
}

export function put(state: PathState, candidate: Candidate): PathState {
  const candidates = { ...state.candidates, [candidate.kind]: candidate };
  return { ...state, candidates };
}

export function without(state: PathState, kind: PathKind): PathState {
  const { [kind]: _removed, ...candidates } = state.candidates;
  return { ...state, candidates };
}

/** A way that is there now, or another than before: what was known is void. */
export function begin(
  state: PathState,
  candidate: Candidate,
  at: number,
): PathState {
  const { callbacks } = state.settings;
  return put(state, {
    ...candidate,
    state: callbacks ? "trying" : "unconfirmed",
    reason: callbacks ? undefined : "nobody to ask",
    failures: 0,
    failedAt: undefined,
    misses: 0,
    checkedAt: undefined,
    calling: undefined,
    heldUntil: undefined,
    nextAt: callbacks ? at : Infinity,
  });
}

/** Looks again soon, at what is known already. */
export function checkNow(
  state: PathState,
  candidate: Candidate,
  at: number,
): PathState {
  return put(state, {
    ...candidate,
    // One under way is about what was before.
    calling: undefined,
    nextAt: state.settings.callbacks ? at : Infinity,
  });
}

export function backOff({ settings }: PathState, round: number): number {
  const index = Math.min(Math.max(round, 0), BACK_OFF_MS.length - 1);
  return Math.min(BACK_OFF_MS[index], settings.recheckMs);
}

/** Puts the candidate, to be checked after about that time. */
export function later(
  state: PathState,
  candidate: Candidate,
  { at, afterMs }: { at: number; afterMs: number },
): PathState {
  // mulberry32, one round.
  const random = state.random + 0x6d2b79f5 | 0;
  let t = Math.imul(random ^ random >>> 15, 1 | random);
  t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
  const unit = ((t ^ t >>> 14) >>> 0) / 0x1_0000_0000;
  const nextAt = at + afterMs * (1 - SPREAD + 2 * SPREAD * unit);
  return put({ ...state, random }, { ...candidate, nextAt });
}
