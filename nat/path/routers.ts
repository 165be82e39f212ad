/**
 * What routers' answers make of the paths through them.
 *
 * @module
 */

import { isPublic } from "../ip.ts";
import { begin, checkNow, fresh, put } from "./candidate.ts";
import type { PortEvent } from "./events.ts";
import type { PathState } from "./state.ts";

/** A way that is set up anew is kept so long, ms. */
const HOLD_MS = 30_000;

/** Pinholes: IPv6 is the same address and port, with or without. */
export function afterPort6(
  state: PathState,
  event: PortEvent,
  at: number,
): PathState {
  const old = state.candidates.direct6;
  if (old === undefined) return state;
  const { state: is, method, router, port = old.port } = event;
  if (is === "searching") return state;
  if (is === "none") {
    return put(state, { ...old, method: undefined, router: undefined });
  }
  return checkNow(state, { ...old, method, router, port }, at);
}

export function afterPort4(
  state: PathState,
  event: PortEvent,
  at: number,
): PathState {
  const old = state.candidates.mapped;
  switch (event.state) {
    case "searching": {
      const isHeld = old?.state === "confirmed" || old?.state === "unconfirmed";
      return put(state, {
        ...old ?? fresh("mapped", 4),
        state: "trying",
        reason: "searching",
        calling: undefined,
        nextAt: Infinity,
        heldUntil: isHeld ? at + HOLD_MS : old?.heldUntil,
      });
    }
    case "none":
      return put(state, {
        ...fresh("mapped", 4),
        state: "failed",
        // A call-back can be refused as well, which is another thing.
        reason: event.failure === "refused"
          ? "router refused"
          : event.failure ?? "no answer",
        behind: event.behind,
      });
    case "mapped":
      return afterMapping(state, event, at);
  }
}

function afterMapping(
  state: PathState,
  { host, port = 0, method, router, behind }: PortEvent,
  at: number,
): PathState {
  const { callbacks } = state.settings;
  const old = state.candidates.mapped;
  const details = { method, router, behind, outside: host, port };
  // A call-back may have seen the new address before the router told of it.
  const isSeen = old?.state === "confirmed" && old.host === host;
  const isSame = old?.outside === host || isSeen;
  if (old !== undefined && isSame && old.port === port) {
    // The same again: made anew after a search, or only renewed.
    const candidate = { ...old, ...details };
    if (old.reason !== "searching") return checkNow(state, candidate, at);
    if (callbacks && old.heldUntil !== undefined && old.heldUntil > at) {
      return checkNow(state, {
        ...candidate,
        reason: undefined,
        heldUntil: at + HOLD_MS,
      }, at);
    }
  }
  const plausible = behind === undefined && host !== undefined &&
    isPublic(host);
  const begun = begin(
    state,
    { ...fresh("mapped", 4), ...details, host, plausible },
    at,
  );
  // Without anybody to ask, what the router says decides.
  const { mapped } = begun.candidates;
  if (callbacks || behind === undefined || mapped === undefined) return begun;
  return put(begun, {
    ...mapped,
    state: "failed",
    reason: behind === "cgnat" ? "behind the carrier" : "behind another router",
  });
}
