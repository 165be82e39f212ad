/**
 * The state machine of paths: pure, without clocks, timers or network.
 *
 * ```text
 *            call-back fails twice
 *   trying ─────────────────────────► failed
 *    │  ▲ ▲                             │ call-back succeeds
 *    │  │ └── another address or port ──┤
 *    │  └──── of the way ──────┐        │
 *    │ call-back succeeds      │        ▼
 *    ├────────────────────► confirmed ◄─┘
 *    │ nobody can be asked     ▲  │ fails twice within 5 minutes
 *    ▼                         │  └──────────► failed
 *   unconfirmed ───────────────┘
 * ```
 *
 * A confirmed way stays so while nobody can be asked, and after one call-back
 * that failed: the next comes soon and decides.
 *
 * @module
 */

import { isPublic } from "../ip.ts";
import { afterCall, afterNoCall, startCalls } from "./calls.ts";
import { begin, checkNow, fresh, put, without } from "./candidate.ts";
import { advertised } from "./choose.ts";
import type { PathEffect, PathEvent } from "./events.ts";
import { afterPort4, afterPort6 } from "./routers.ts";
import { type Candidate, PATH_KINDS, type PathState } from "./state.ts";

/** A new state, and what to do now. */
export interface Stepped {
  readonly state: PathState;
  readonly effects: readonly PathEffect[];
}

/** What an event at the time `at` (ms, never going back) makes of a state. */
export function step(
  before: PathState,
  event: PathEvent,
  at: number,
): Stepped {
  const state = withManual(afterEvent(before, event, at), at);
  const effects: PathEffect[] = [];
  const called = startCalls(state, at, effects);
  const hosts = advertised(called, at);
  if (!isSame(hosts, before.told)) effects.push({ type: "advertise", hosts });
  effects.push({ type: "wake", at: nextWake(called, at) });
  return { state: { ...called, told: hosts }, effects };
}

function afterEvent(state: PathState, event: PathEvent, at: number): PathState {
  switch (event.type) {
    case "addresses": {
      const direct6 = afterAddress(state, "direct6", event.direct6, at);
      const direct4 = afterAddress(direct6, "direct4", event.direct4, at);
      return { ...direct4, connected: event.connected };
    }
    case "network":
      return checkAll(state, at);
    case "port":
      return event.family === 4
        ? afterPort4(state, event, at)
        : afterPort6(state, event, at);
    case "called":
      return afterCall(state, event, at);
    case "not called":
      return afterNoCall(state, event.call, at);
    case "tunnel up":
      return put(state, {
        ...fresh("tunnel", 4),
        host: event.host,
        port: event.port,
        state: event.confirmed ? "confirmed" : "unconfirmed",
        plausible: true,
        checkedAt: event.confirmed ? at : undefined,
      });
    case "tunnel down":
      return goneDown(state, "tunnel");
    case "onion up":
      return put(state, {
        ...fresh("onion", 0),
        host: event.host,
        port: event.port,
        state: "unconfirmed",
        plausible: true,
      });
    case "onion down":
      return goneDown(state, "onion");
    case "lease":
      return { ...state, lease: event.lease };
    case "tick":
      return state;
  }
}

function checkAll(state: PathState, at: number): PathState {
  let now = state;
  for (const kind of PATH_KINDS) {
    const candidate = now.candidates[kind];
    if (candidate === undefined || !isCalled(candidate)) continue;
    now = checkNow(now, candidate, at);
  }
  return now;
}

/** Whether call-backs can go this way at all. */
function isCalled({ kind, reason, port }: Candidate): boolean {
  if (kind === "tunnel" || kind === "onion" || port === 0) return false;
  return kind !== "mapped" || reason !== "searching";
}

function afterAddress(
  state: PathState,
  kind: "direct4" | "direct6",
  host: string | undefined,
  at: number,
): PathState {
  const old = state.candidates[kind];
  if (host === undefined) return without(state, kind);
  const family = kind === "direct4" ? 4 : 6;
  const { port } = state.settings;
  if (old?.outside === host) return state;
  const plausible = isPublic(host);
  return begin(
    state,
    { ...fresh(kind, family), host, outside: host, port, plausible },
    at,
  );
}

function goneDown(state: PathState, kind: "tunnel" | "onion"): PathState {
  const old = state.candidates[kind];
  if (old === undefined) return state;
  return put(state, {
    ...fresh(kind, old.family),
    host: old.host,
    port: old.port,
    state: "failed",
    reason: "down",
  });
}

/**
 * Looks for a port that the owner has forwarded by hand, where there is none
 * that the router forwards for us.
 */
function withManual(state: PathState, at: number): PathState {
  const { direct4, mapped, manual } = state.candidates;
  const { callbacks, manualPort, mapping } = state.settings;
  const isGood = mapped?.state === "confirmed" ||
    mapped?.state === "unconfirmed" && mapped.plausible;
  // The same port of the same router was tried.
  const isTried = mapped !== undefined && mapped.outside !== undefined &&
    mapped.port === manualPort;
  const isWanted = callbacks && direct4 === undefined && !isGood && !isTried &&
    (mapped === undefined ? !mapping : mapped.state === "failed");
  const isKept = manual?.state === "confirmed" && direct4 === undefined &&
    !isGood;
  if (manual === undefined) {
    if (!isWanted) return state;
    return begin(state, { ...fresh("manual", 4), port: manualPort }, at);
  }
  return isWanted || isKept ? state : without(state, "manual");
}

function nextWake({ candidates }: PathState, at: number): number {
  const times = Object.values(candidates).flatMap(({ nextAt, heldUntil }) => [
    nextAt,
    heldUntil !== undefined && heldUntil > at ? heldUntil : Infinity,
  ]);
  return Math.min(Infinity, ...times);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
