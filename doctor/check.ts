/**
 * What a check of the doctor is, and what it finds.
 *
 * @module
 */

import type { DoctorContext } from "./context.ts";

/** `warning`: it works, and may not for long. `skipped`: it was not looked at. */
export type Result = "ok" | "warning" | "problem" | "skipped";

/** What a check says of one thing, in words for the owner. */
export interface Verdict {
  readonly result: Result;
  /** What is so: one line. */
  readonly what: string;
  /** What that means for the relay. */
  readonly meaning?: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** Headings of the report, in its order. */
export const GROUPS = [
  "This machine",
  "Settings and keys",
  "The relay",
  "The way to it",
  "Trying it out",
] as const;

/** Under which heading a check stands. */
export type Group = typeof GROUPS[number];

/** A verdict, and whose it is. */
export interface Finding extends Verdict {
  readonly group: Group;
  /** Name of the check. */
  readonly check: string;
}

/** One check, or a family of checks that look at the same thing. */
export interface Check {
  /** One or two words, in front of its findings. */
  readonly name: string;
  readonly group: Group;
  /** How long it may take, in milliseconds; 10 seconds unless given. */
  readonly timeoutMs?: number;
  /** Looks; must end soon after `context.signal` is aborted. */
  run(context: DoctorContext): Verdict[] | Promise<Verdict[]>;
}

/** All is well: `what` says with what. */
export function ok(what: string): Verdict {
  return { result: "ok", what };
}

/** Was not looked at: `what` says why. */
export function skipped(what: string, remedy?: string): Verdict {
  return { result: "skipped", what, remedy };
}

/** Works, and needs a look. */
export function warning(
  what: string,
  rest: Pick<Verdict, "meaning" | "remedy"> = {},
): Verdict {
  return { result: "warning", what, ...rest };
}

/** Does not work. */
export function problem(
  what: string,
  rest: Pick<Verdict, "meaning" | "remedy"> = {},
): Verdict {
  return { result: "problem", what, ...rest };
}
