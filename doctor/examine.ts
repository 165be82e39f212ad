/**
 * Runs all checks, each within its time.
 *
 * @module
 */

import { type Check, type Finding, GROUPS, type Verdict } from "./check.ts";
import type { DoctorContext } from "./context.ts";

/** How long a check may take unless it says otherwise, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * All findings, in the order of the groups and of `checks`. A check that fails
 * or takes too long is a finding itself.
 */
export async function examine(
  checks: readonly Check[],
  context: Omit<DoctorContext, "signal">,
): Promise<Finding[]> {
  const found = await Promise.all(checks.map(async (check) => {
    const verdicts = await verdictsOf(check, context);
    return verdicts.map((verdict): Finding => ({
      group: check.group,
      check: check.name,
      ...verdict,
    }));
  }));
  return GROUPS.flatMap((group) =>
    found.flat().filter((finding) => finding.group === group)
  );
}

async function verdictsOf(
  check: Check,
  context: Omit<DoctorContext, "signal">,
): Promise<Verdict[]> {
  const { timeoutMs = TIMEOUT_MS } = check;
  const controller = new AbortController();
  const late = Promise.withResolvers<Verdict[]>();
  const timer = setTimeout(() => {
    controller.abort();
    late.resolve([{
      result: "warning",
      what: `This took longer than ${timeoutMs / 1000} seconds.`,
      meaning: "So it is not known how it stands.",
      remedy: "Run the doctor again, when the machine has less to do.",
    }]);
  }, timeoutMs);
  try {
    const { signal } = controller;
    // A check that throws at once is one that rejects.
    const run = Promise.resolve().then(() => check.run({ ...context, signal }));
    return await Promise.race([run, late.promise]);
  } catch (error) {
    return [{
      result: "warning",
      what: `This could not be looked at: ${messageOf(error)}`,
      meaning: "That is a fault in the doctor, not in your relay.",
      remedy: "Please report it, with this line.",
    }];
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].slice(0, 200);
}
