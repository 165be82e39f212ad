/**
 * Which of the released versions a relay takes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Release } from "./catalogue.ts";
import type { Channel, Failure } from "./state.ts";
import { compareVersions } from "./version.ts";

/** So often a version is tried, then never again. */
export const MAX_TRIES = 3;

/** What the choice depends on. */
export interface Chooser {
  readonly channel: Channel;
  /** The version that runs. */
  readonly version: string;
  /** The relay's fingerprint, or another name that stays the same. */
  readonly relay: string;
  readonly failures: Readonly<Record<string, Failure>>;
  /** Take it though its turn has not come, or it failed too often. */
  readonly now?: boolean;
}

/** A newer version: taken, or why not. */
export type Choice =
  | { readonly take: Release }
  | {
    readonly newest: Release;
    /** `later`: not all relays get it yet. `failed`: it failed too often. */
    readonly because: "later" | "failed";
  }
  | undefined;

/** The newest version that this relay may have; `undefined`: there is none newer. */
export function chooseRelease(
  releases: readonly Release[],
  chooser: Chooser,
): Choice {
  const newer = releases.filter((release) =>
    shareOf(release, chooser.channel) !== undefined &&
    compareVersions(release.version, chooser.version) > 0 &&
    (release.minVersion === undefined ||
      compareVersions(chooser.version, release.minVersion) >= 0)
  ).sort((a, b) => compareVersions(b.version, a.version));
  let waiting: Choice;
  for (const release of newer) {
    const because = chooser.now ? undefined : reasonAgainst(release, chooser);
    if (because === undefined) return { take: release };
    waiting ??= { newest: release, because };
    // After one that failed, or that the owner left, the next newer one is
    // waited for.
    if (because === "failed") break;
  }
  return waiting;
}

function reasonAgainst(
  release: Release,
  { channel, failures, relay }: Chooser,
): "later" | "failed" | undefined {
  const { version } = release;
  if ((failures[version]?.tries ?? 0) >= MAX_TRIES) return "failed";
  const share = shareOf(release, channel) ?? 0;
  return placeInLine(relay, version) < share ? undefined : "later";
}

/** How many of a hundred relays take it; beta has what stable has as well. */
function shareOf({ channels }: Release, channel: Channel): number | undefined {
  const { stable, beta } = channels;
  if (channel === "stable" || beta === undefined) return stable;
  return Math.max(beta, stable ?? 0);
}

/**
 * From 0 to 99: relays with a low number get this version first. It is
 * another one for each version, so that not the same relays always try first,
 * and nobody is told it.
 */
export function placeInLine(relay: string, version: string): number {
  const digest = createHash("sha256").update(`${version} ${relay}`).digest();
  return digest.readUInt32BE(0) % 100;
}
