/**
 * Probes of relays, as apps use them.
 *
 * @module
 */

export { examine, type ExamineOptions } from "./examine.ts";
export {
  type ProbeCounts,
  ProbeScheduler,
  type ProbeSchedulerOptions,
} from "./scheduler.ts";
