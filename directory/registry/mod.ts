/**
 * What a directory knows of relays, and how they rise and fall.
 *
 * @module
 */

export {
  type DayNumbers,
  History,
  HISTORY_SIZE,
  type RecentProbe,
} from "./history.ts";
export {
  DEFAULT_RULES,
  type LifecycleRules,
  probationDays,
} from "./lifecycle.ts";
export {
  type Failure,
  type ForeignMeasurement,
  RelayRecord,
  type Standing,
  STANDINGS,
} from "./record.ts";
export {
  type ProbeOutcome,
  type Refusal,
  Registry,
  type RegistryOptions,
} from "./registry.ts";
