/**
 * Call-backs: which are due, and what their answers mean.
 *
 * @module
 */

import { backOff, later, put } from "./candidate.ts";
import type { PathEffect, PathEvent } from "./events.ts";
import {
  type Candidate,
  PATH_KINDS,
  type PathReason,
  type PathState,
} from "./state.ts";

/** After one call-back that failed, the next comes so soon, ms. */
const RETRY_MS = 3_000;
/** Two that failed within this time count, ms. */
const WINDOW_MS = 300_000;

export function afterCall(
  state: PathState,
  { call, outcome, observed }: Extract<PathEvent, { type: "called" }>,
  at: number,
): PathState {
  const candidate = calling(state, call);
  // It is about a way that is another one by now.
  if (candidate === undefined) return state;
  if (outcome === "reachable") {
    const { recheckMs } = state.settings;
    return later(state, {
      ...candidate,
      host: observed,
      state: "confirmed",
      reason: "reachable",
      plausible: true,
      checkedAt: at,
      failures: 0,
      failedAt: undefined,
      misses: 0,
      calling: undefined,
      heldUntil: undefined,
    }, { at, afterMs: recheckMs });
  }
  if (!EVIDENCE.has(outcome)) {
    return missed(state, candidate, { reason: outcome, at });
  }
  const { state: was, failedAt = -Infinity } = candidate;
  const recent = was === "failed" || at - failedAt <= WINDOW_MS;
  const failures = (recent ? candidate.failures : 0) + 1;
  const fails = was === "failed" || failures >= 2;
  return later(state, {
    ...candidate,
    state: fails ? "failed" : was === "confirmed" ? "confirmed" : "trying",
    reason: outcome,
    checkedAt: at,
    failures,
    failedAt: at,
    misses: 0,
    calling: undefined,
    heldUntil: fails ? undefined : candidate.heldUntil,
  }, { at, afterMs: fails ? backOff(state, failures - 2) : RETRY_MS });
}

/** Outcomes that say that the way does not work. */
const EVIDENCE: ReadonlySet<PathReason> = new Set([
  "refused",
  "timeout",
  "unreachable",
  "closed",
  "not TLS",
  "wrong fingerprint",
]);

export function afterNoCall(
  state: PathState,
  call: number,
  at: number,
): PathState {
  const candidate = calling(state, call);
  if (candidate === undefined) return state;
  return missed(state, candidate, { reason: "no answerer", at });
}

/** Nobody could be asked: what is known stays. */
function missed(
  state: PathState,
  candidate: Candidate,
  { reason, at }: { reason: PathReason; at: number },
): PathState {
  const { state: is, failures, misses } = candidate;
  const givenUp = is === "trying" && failures === 0;
  return later(state, {
    ...candidate,
    state: givenUp ? "unconfirmed" : is,
    reason: givenUp || is === "unconfirmed" ? reason : candidate.reason,
    misses: misses + 1,
    calling: undefined,
  }, { at, afterMs: backOff(state, misses) });
}

function calling(state: PathState, call: number): Candidate | undefined {
  return Object.values(state.candidates)
    .find((candidate) => candidate.calling === call);
}

/** Asks for the call-backs that are due. */
export function startCalls(
  state: PathState,
  at: number,
  effects: PathEffect[],
): PathState {
  let now = state;
  for (const kind of PATH_KINDS) {
    const candidate = now.candidates[kind];
    if (
      candidate === undefined || candidate.calling !== undefined ||
      candidate.nextAt > at || candidate.family === 0
    ) continue;
    const call = now.calls + 1;
    const { family, port, outside } = candidate;
    effects.push({
      type: "call",
      call,
      kind,
      family,
      port,
      from: kind === "direct6" || kind === "direct4" ? outside : undefined,
    });
    now = put({ ...now, calls: call }, {
      ...candidate,
      calling: call,
      nextAt: Infinity,
    });
  }
  return now;
}
