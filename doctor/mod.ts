/**
 * The doctor: looks at all that a relay needs, and says in plain words what is
 * wrong and what to do.
 *
 * @module
 */

export { allChecks } from "./all_checks.ts";
export { viewRelay } from "./ask.ts";
export {
  type Check,
  type Finding,
  type Group,
  GROUPS,
  type Result,
  type Verdict,
} from "./check.ts";
export type { DoctorContext, RelayView } from "./context.ts";
export { examine } from "./examine.ts";
export { type Machine, machineAt } from "./machine.ts";
export { type Paint, reportLines, worst } from "./report.ts";
