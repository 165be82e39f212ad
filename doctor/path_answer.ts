/**
 * What the relay says of the ways to it (`GET /path`), read with care: it may
 * be of another version.
 *
 * @module
 */

import { isIP } from "node:net";
import { addressKind } from "../nat/mod.ts";

/** A way by which the relay may be reached. */
export interface Way {
  readonly kind: string;
  readonly state: string;
  readonly reason?: string;
  readonly host?: string;
  readonly method?: string;
  readonly router?: string;
}

/** Where the world is told to come. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly confirmed: boolean;
}

/** The answer, as far as the doctor needs it. */
export interface PathView {
  readonly state: "ok" | "degraded" | "down";
  /** How the relay is reached, in a sentence or two. */
  readonly words: string;
  readonly remedy?: string;
  /** Without onion names. */
  readonly places: readonly Place[];
  readonly ways: readonly Way[];
}

/** `undefined` where this is no such answer. */
export function readPath(answer: unknown): PathView | undefined {
  const { state, words, remedy, advertised, ways } = recordOf(answer);
  if (state !== "ok" && state !== "degraded" && state !== "down") {
    return undefined;
  }
  if (typeof words !== "string") return undefined;
  return {
    state,
    words,
    remedy: textOf(remedy),
    places: listOf(advertised).flatMap(placeOf),
    ways: listOf(ways).flatMap(wayOf),
  };
}

/** The public IP addresses of this home, as far as the relay knows them. */
export function externalAddresses(answer: unknown): string[] {
  const view = readPath(answer);
  const hosts = [...view?.places ?? [], ...view?.ways ?? []]
    .map(({ host }) => host ?? "");
  return [...new Set(hosts)].filter((host) => {
    const kind = addressKind(host);
    return isIP(host) !== 0 && kind !== "private" && kind !== "cgnat";
  });
}

function placeOf(place: unknown): Place[] {
  const { host, port, confirmed } = recordOf(place);
  if (typeof host !== "string" || typeof port !== "number") return [];
  if (host.endsWith(".onion")) return [];
  return [{ host, port, confirmed: confirmed === true }];
}

function wayOf(way: unknown): Way[] {
  const { kind, state, reason, host, method, router } = recordOf(way);
  if (typeof kind !== "string" || typeof state !== "string") return [];
  return [{
    kind,
    state,
    reason: textOf(reason),
    host: textOf(host),
    method: textOf(method),
    router: textOf(router),
  }];
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
