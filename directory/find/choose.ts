/**
 * Choosing relays: good ones, near ones, and not all of the same kind.
 *
 * @module
 */

import { bytesKey } from "../../relay/wire/mod.ts";
import { networkOf } from "../network.ts";
import type { FoundRelay } from "./find.ts";

/** What another relay of the same operator, network or region is worth. */
const SAME = { family: 0.1, network: 0.2, region: 0.7 } as const;
/** Time to connect and greet that is worth all, and half of it: ms. */
const NEAR_MS = 100;
const HALF_MS = 500;
/** Times that are closer than this are the same: ms. */
const NOISE_MS = 20;

/** Up to `count` of those that answered, the best first. */
export function chooseRelays(
  relays: readonly FoundRelay[],
  count: number,
): FoundRelay[] {
  const left = relays.filter(({ milliseconds }) => milliseconds !== undefined);
  const chosen: FoundRelay[] = [];
  while (chosen.length < count && left.length > 0) {
    let best = 0;
    for (let at = 1; at < left.length; at++) {
      if (worth(left[at], chosen) > worth(left[best], chosen)) best = at;
    }
    chosen.push(...left.splice(best, 1));
  }
  return chosen;
}

/** 0 to 1: what the relay adds to those that are chosen. */
export function worth(
  relay: FoundRelay,
  chosen: readonly FoundRelay[],
): number {
  const { milliseconds = Infinity, score } = relay;
  const late = Math.max(0, milliseconds - NEAR_MS);
  const near = 1 / (1 + Math.floor(late / NOISE_MS) * NOISE_MS / HALF_MS);
  let worth = (0.2 + 0.8 * score / 100) * near;
  for (const kind of ["family", "network", "region"] as const) {
    const own = kindOf(relay, kind);
    const same = own === undefined
      ? 0
      : chosen.filter((each) => kindOf(each, kind) === own).length;
    worth *= SAME[kind] ** same;
  }
  return worth;
}

function kindOf(
  { signed: { descriptor }, host }: FoundRelay,
  kind: keyof typeof SAME,
): string | undefined {
  if (kind !== "network") return descriptor[kind]?.toLowerCase();
  const network = host === undefined ? undefined : networkOf(host);
  return network && bytesKey(network);
}
