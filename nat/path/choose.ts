/**
 * Which of the paths to tell the world.
 *
 * @module
 */

import {
  type Candidate,
  PATH_KINDS,
  type PathKind,
  type PathState,
} from "./state.ts";

/** A place that the world is told of. */
export interface Advertised {
  readonly host: string;
  readonly port: number;
  /** How one gets there; of a leased name, how one gets there now. */
  readonly kind: PathKind;
  /** Somebody outside has come that way. */
  readonly confirmed: boolean;
}

/** The best way for each family; `undefined` where there is none. */
export interface Chosen {
  readonly v4: Candidate | undefined;
  readonly v6: Candidate | undefined;
  readonly onion: Candidate | undefined;
}

/**
 * The best usable candidate of each family: what is confirmed before what is
 * not, then in the order of the kinds.
 */
export function chosen(state: PathState, at: number): Chosen {
  const usable = PATH_KINDS.flatMap((kind) => {
    const candidate = state.candidates[kind];
    return candidate !== undefined && isUsable(candidate, at)
      ? [candidate]
      : [];
  });
  const best = (family: Candidate["family"]) => {
    const all = usable.filter((each) => each.family === family);
    return all.find((each) => each.state === "confirmed") ?? all[0];
  };
  return { v4: best(4), v6: best(6), onion: best(0) };
}

/**
 * What to tell the world, the most useful first. Apps take the first host that
 * is no onion name, and most have IPv4 alone: that comes first. A leased name
 * stands for all of it.
 */
export function advertised(state: PathState, at: number): Advertised[] {
  const { v4, v6, onion } = chosen(state, at);
  const open = [v4, v6].filter((each) => each !== undefined);
  const first = open.find((each) => each.state === "confirmed") ?? open[0];
  const { lease } = state;
  const hosts = lease === undefined ? open.flatMap(placeOf) : [{
    host: lease.name,
    port: lease.port,
    kind: first?.kind ?? "tunnel",
    confirmed: first?.state === "confirmed",
  }];
  return [...hosts, ...onion === undefined ? [] : placeOf(onion)];
}

/**
 * Whether a tunnel would help: most apps have IPv4 alone, so that IPv6 is not
 * enough.
 */
export function needsTunnel(state: PathState, at: number): boolean {
  const { v4 } = chosen(state, at);
  return v4 === undefined || v4.kind === "tunnel";
}

function placeOf(
  { host, port, kind, state }: Candidate,
): Advertised[] {
  if (host === undefined) return [];
  return [{ host, port, kind, confirmed: state === "confirmed" }];
}

function isUsable(candidate: Candidate, at: number): boolean {
  if (candidate.host === undefined) return false;
  switch (candidate.state) {
    case "confirmed":
      return true;
    case "unconfirmed":
      return candidate.plausible;
    case "failed":
      return false;
    default:
      return candidate.heldUntil !== undefined && candidate.heldUntil > at;
  }
}
