/**
 * What the probes of a relay come to: a score, flags, and what is wrong, with
 * what its owner can do. Thresholds are published with the directory's
 * parameters.
 *
 * ```text
 * score       = 40 × uptime + 30 × reliability + 30 × speed
 * uptime      = share of the probes of 30 days that worked
 * reliability = share of the days of 90 on which at most 5 % failed
 * speed       = 1 up to 100 ms, 0 from 3,000 ms, in between by the logarithm
 * ```
 *
 * @module
 */

import type { WindowNumbers } from "./protocol/mod.ts";
import type { RelayRecord } from "./registry/record.ts";

/** What is published about scores. */
export const THRESHOLDS = {
  weights: { uptime: 40, reliability: 30, speed: 30 },
  /** Share of failed probes that a good day may have. */
  goodDayFailures: 0.05,
  /** Typical time to connect and greet that gives all or nothing, ms. */
  bestMilliseconds: 100,
  worstMilliseconds: 3000,
  /** `Running`: the last probe, or the one before, worked; hours since. */
  runningHours: 6,
  /** `Stable`: reliability, over this many days with probes. */
  stableReliability: 0.95,
  stableDays: 7,
  /** `Fast`: typical time of the last 7 days, ms. */
  fastMilliseconds: 400,
} as const;

/** A name for a thing that is so. */
export type Flag =
  | "Running"
  | "Stable"
  | "Fast"
  | "Established"
  /** Strangers may use it. */
  | "Open"
  /** What its owner gives is used up for now. */
  | "Full"
  /** It will leave soon. */
  | "Leaving"
  /** Two machines have its identity. */
  | "Copied";

/** Something that is wrong, for the owner. */
export interface Issue {
  readonly text: string;
  readonly remedy: string;
}

/** What probes come to. */
export interface Verdict {
  /** 0 to 100. */
  readonly score: number;
  /** 0 to 1 each. */
  readonly uptime: number;
  readonly reliability: number;
  readonly speed: number;
  readonly flags: readonly Flag[];
  /** 7, 30 and 90 days. */
  readonly windows: readonly WindowNumbers[];
}

/** Own probes from which on those of other directories do not count. */
const ENOUGH_PROBES = 20;
const DAY = 86_400;
const HOUR = 3600;

/** The verdict at `now` (s). */
export function judge(record: RelayRecord, now: number): Verdict {
  const today = Math.floor(now / DAY);
  const days = record.history.days(today);
  const own = record.history.windows(today, days);
  const windows = own.map((window, at) => withOthers(record, window, at));
  const good =
    days.filter(({ probes, failed }) =>
      failed <= probes * THRESHOLDS.goodDayFailures
    ).length;
  const uptime = share(windows[1]);
  const reliability = days.length > 0 ? good / days.length : uptime;
  const speed = speedOf(windows[1].milliseconds);
  const { weights } = THRESHOLDS;
  return {
    score: Math.round(
      weights.uptime * uptime + weights.reliability * reliability +
        weights.speed * speed,
    ),
    uptime,
    reliability,
    speed,
    windows,
    flags: flagsOf(record, now, {
      stable: days.length >= THRESHOLDS.stableDays &&
        reliability >= THRESHOLDS.stableReliability,
      milliseconds: windows[0].milliseconds,
    }),
  };
}

/** Whether one of the last two probes worked, not long ago. */
export function isRunning(record: RelayRecord, now: number): boolean {
  return record.history.recent(2).some(({ time, milliseconds }) =>
    milliseconds > 0 && now - time < THRESHOLDS.runningHours * HOUR
  );
}

/** What is wrong with a relay, the worst first. */
export function issuesOf(record: RelayRecord, now: number): Issue[] {
  const verdict = judge(record, now);
  const issues: Issue[] = [];
  const say = (text: string, remedy: string) => issues.push({ text, remedy });
  if (record.standing === "banned") {
    say(
      "The operator of this directory has shut it out.",
      "Write to the operator.",
    );
  }
  if (record.isCopied(now)) {
    say(
      "Two machines have the identity of this relay, so it is not listed.",
      "Switch off the one that should not run. It is listed again after a day.",
    );
  }
  if (record.failure !== undefined && !isRunning(record, now)) {
    say(
      `The last probe failed: ${record.failure.text}`,
      record.failure.remedy ??
        "Run `porchlight doctor` on it: it finds out why the world cannot reach it.",
    );
  }
  if (record.leavesAt !== 0) {
    say(
      `It leaves on ${date(record.leavesAt)}.`,
      "Choose another relay for new contacts; queues that are on it have to move.",
    );
  }
  const [week, month] = verdict.windows;
  if (month.probes >= ENOUGH_PROBES && verdict.uptime < 0.98) {
    say(
      `It answered ${percent(verdict.uptime)} of the probes of 30 days.`,
      "Look at when it is away: power, Wi-Fi, or a router that restarts at night. A cable and a good power supply help most.",
    );
  }
  if (verdict.reliability < THRESHOLDS.stableReliability && week.probes > 0) {
    say(
      `On ${percent(1 - verdict.reliability)} of the days some probes failed.`,
      "A relay that is away for some minutes each day is hard to rely on: see in its history when.",
    );
  }
  if (week.milliseconds > THRESHOLDS.fastMilliseconds) {
    say(
      `Connecting to it typically takes ${week.milliseconds} ms.`,
      "A full line, Wi-Fi or a tunnel that goes far around makes it slow. Limit its rate below that of the line, or use a core that is nearer.",
    );
  }
  if (record.full || record.signed.descriptor.full) {
    say(
      "What its owner gives is used up for now.",
      "Nothing, or raise the limits in section [share].",
    );
  }
  if (record.standing === "new" || record.standing === "probation") {
    say(
      "It is new here, and has a small share of the answers.",
      "Keep it running: time does it. An established relay can vouch for it.",
    );
  }
  return issues;
}

/**
 * Own probes decide where there are enough; until then, the middle one of
 * what others have measured fills up, so that one that lies changes little.
 */
function withOthers(
  record: RelayRecord,
  own: WindowNumbers,
  at: number,
): WindowNumbers {
  const others = [...record.measurements.values()]
    .map(({ measurement }) => measurement.windows[at])
    .filter(({ probes }) => probes >= ENOUGH_PROBES)
    .sort((a, b) => share(a) - share(b));
  // The lower one of two.
  const middle = others[(others.length - 1) >> 1];
  if (own.probes >= ENOUGH_PROBES || middle === undefined) return own;
  const added = ENOUGH_PROBES - own.probes;
  return {
    probes: ENOUGH_PROBES,
    failed: own.failed + Math.round(added * (1 - share(middle))),
    milliseconds: Math.max(own.milliseconds, middle.milliseconds),
  };
}

function flagsOf(
  record: RelayRecord,
  now: number,
  { stable, milliseconds }: { stable: boolean; milliseconds: number },
): Flag[] {
  const { open, full } = record.signed.descriptor;
  const fast = milliseconds > 0 && milliseconds <= THRESHOLDS.fastMilliseconds;
  const all: readonly (readonly [Flag, boolean])[] = [
    ["Running", isRunning(record, now)],
    ["Stable", stable],
    ["Fast", fast],
    ["Established", record.standing === "established"],
    ["Open", open],
    ["Full", full || record.full],
    ["Leaving", record.leavesAt !== 0],
    ["Copied", record.isCopied(now)],
  ];
  return all.filter(([, holds]) => holds).map(([flag]) => flag);
}

function share({ probes, failed }: WindowNumbers): number {
  return probes === 0 ? 0 : (probes - failed) / probes;
}

function speedOf(milliseconds: number): number {
  if (milliseconds === 0) return 0;
  const { bestMilliseconds: best, worstMilliseconds: worst } = THRESHOLDS;
  const speed = Math.log(worst / milliseconds) / Math.log(worst / best);
  return Math.min(1, Math.max(0, speed));
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function date(seconds: number): string {
  return new Date(Math.min(seconds * 1000, 8.64e15)).toISOString().slice(0, 10);
}
