/**
 * How it stands with directories, in words for the relay's owner.
 *
 * @module
 */

import type { PartStatus } from "../../relay/control/mod.ts";
import type { ReporterStatus } from "./reporter.ts";

/** Directories may be away for as long before the owner is told, ms. */
const PATIENCE_MS = 15 * 60_000;
const MAX_TEXT = 300;
const NAME = "directory";

/** One part for all directories; `now`: ms since 1970. */
export function describeDirectories(
  all: readonly ReporterStatus[],
  now: number,
): PartStatus {
  if (all.every(({ waiting }) => waiting)) {
    return {
      name: NAME,
      state: "ok",
      note:
        "Not listed yet: this relay has no address that the world can reach. It registers as soon as it has one.",
    };
  }
  for (const problem of [stopped, refused, copied]) {
    for (const each of all) {
      const found = problem(each);
      if (found !== undefined) {
        return { name: NAME, state: "degraded", ...found };
      }
    }
  }
  const away = all.filter((each) =>
    each.failingSince !== undefined && now - each.failingSince > PATIENCE_MS
  );
  if (away.length === all.length) {
    return {
      name: NAME,
      state: "degraded",
      reason: all.length === 1
        ? `The directory at ${hostOf(all[0])} cannot be used: ${
          plain(all[0].failure?.message ?? "")
        }`
        : "None of the directories can be used now.",
      remedy:
        "Apps that have the address are not affected. The relay tries again by itself.",
    };
  }
  const known = all.filter(({ receipt }) => receipt !== undefined);
  const note = known.length === 0
    ? "Registering."
    : known.map(describeOne).join(" ");
  return { name: NAME, state: "ok", note };
}

function describeOne(status: ReporterStatus): string {
  const { receipt } = status;
  const host = hostOf(status);
  if (receipt === undefined) return "";
  const score = `score ${Math.round(receipt.score)} of 100`;
  switch (receipt.standing) {
    case "new":
      return `Listed at ${host} as new; it is tried out now.`;
    case "probation":
      return `Listed at ${host} on probation (${score}): keep it running, time does the rest.`;
    case "established":
      return `Listed at ${host} (${score}).`;
    case "dead":
      return `${host} has not reached this relay for days.`;
    default:
      return `${host} says: ${plain(receipt.standing)}.`;
  }
}

type Words = Pick<PartStatus, "reason" | "remedy">;

function stopped(status: ReporterStatus): Words | undefined {
  if (status.stopped === undefined) return undefined;
  return {
    reason: `${
      hostOf(status)
    } does not list this relay any more, and asked it not to come back. ${
      plain(status.stopped)
    }`,
    remedy:
      "Ask the people who run that directory, or take it out of directories.addresses. To try again, take it out, restart the relay, and put it back.",
  };
}

function refused(status: ReporterStatus): Words | undefined {
  const { failure } = status;
  if (failure?.kind !== "refused") return undefined;
  return {
    reason: `${hostOf(status)} does not list this relay. ${
      plain(failure.message)
    }`,
    remedy: plain(failure.remedy ?? "") ||
      "Run `porchlight doctor`: it finds out why the world cannot reach the relay. It tries again by itself.",
  };
}

function copied(status: ReporterStatus): Words | undefined {
  if (!status.receipt?.flags.includes("Copied")) return undefined;
  return {
    reason: `${
      hostOf(status)
    } does not show this relay: two machines have its identity.`,
    remedy:
      "Switch off the one that should not run. The relay is listed again a day after.",
  };
}

function hostOf({ address }: ReporterStatus): string {
  return address.hosts[0];
}

/** A directory's words may be anything, and this goes to a terminal. */
function plain(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "").slice(0, MAX_TEXT);
}
