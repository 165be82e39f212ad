/**
 * Tries out a relay from outside, as an app would: for `porchlight probe`,
 * `porchlight doctor` and directories.
 *
 * @module
 */

export { type OwnRelayOptions, takesNew, testOwnRelay } from "./own_relay.ts";
export { testSmp } from "./smp.ts";
export {
  PROBE_TIMEOUT_MS,
  type ProbeOptions,
  type ProbeResult,
  type ProbeStep,
  type ProbeStepName,
} from "./steps.ts";
export { testXftp } from "./xftp.ts";
