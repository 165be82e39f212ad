/**
 * How a relay rises and falls with a directory: pure rules.
 *
 * @module
 */

import type { RelayRecord, Standing } from "./record.ts";

/** The rules; all are published. */
export interface LifecycleRules {
  /** Days for which a relay has to be known before it is established. */
  readonly probationDays: number;
  /** Own probes that this takes. */
  readonly probes: number;
  /** Share of them that have to have worked. */
  readonly uptime: number;
  /** Below this share an established relay is on probation again. */
  readonly lostUptime: number;
  /** When probes have failed for as long, a relay is dead: hours. */
  readonly deadHours: number;
  /** One that was dead for longer begins anew: days. */
  readonly freshDays: number;
  /** Dead ones, and those that left, are forgotten: days. */
  readonly forgetDays: number;
  /** One whose probes have failed from the first is forgotten: hours. */
  readonly newHours: number;
}

/** The rules unless others are asked for. */
export const DEFAULT_RULES: LifecycleRules = {
  probationDays: 8,
  probes: 20,
  uptime: 0.9,
  lostUptime: 0.7,
  deadHours: 48,
  freshDays: 7,
  forgetDays: 90,
  newHours: 72,
};

const HOUR = 3600;
const DAY = 86_400;

/** Days of probation when established relays vouch: halved for each of two. */
export function probationDays(
  rules: LifecycleRules,
  inviters: number,
): number {
  return rules.probationDays / 2 ** Math.min(inviters, 2);
}

/**
 * Where the relay stands at `now` (s); "forgotten": nothing of it is kept.
 * `inviters`: established relays that vouch for it.
 */
export function standingAt(
  record: RelayRecord,
  now: number,
  { rules, inviters }: { rules: LifecycleRules; inviters: number },
): Standing | "forgotten" {
  const { standing } = record;
  if (standing === "banned") return "banned";
  const age = now - record.standingSince;
  if (standing === "left") {
    return age > rules.forgetDays * DAY ? "forgotten" : "left";
  }
  if (record.leavesAt !== 0 && now >= record.leavesAt) return "left";
  // Probes have to fail for it: the directory itself may have been away.
  const failing = record.failingSince === 0 ? 0 : now - record.failingSince;
  if (record.workedAt === 0) {
    return failing > rules.newHours * HOUR ? "forgotten" : "new";
  }
  if (failing > rules.deadHours * HOUR) {
    return standing === "dead" && age > rules.forgetDays * DAY
      ? "forgotten"
      : "dead";
  }
  return hasEarned(record, now, { rules, inviters })
    ? "established"
    : "probation";
}

function hasEarned(
  record: RelayRecord,
  now: number,
  { rules, inviters }: { rules: LifecycleRules; inviters: number },
): boolean {
  const [, month] = record.history.windows(Math.floor(now / DAY));
  const uptime = month.probes === 0
    ? 0
    : (month.probes - month.failed) / month.probes;
  if (record.standing === "established") return uptime >= rules.lostUptime;
  return now - record.since >= probationDays(rules, inviters) * DAY &&
    month.probes >= rules.probes && uptime >= rules.uptime;
}
