/**
 * What the checks may ask: the settings, the running relay, the machine.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { RelayStatus } from "../relay/control/status.ts";
import type { Machine } from "./machine.ts";

/** The relay, as it is heard over its control socket. */
export type RelayView =
  | {
    readonly state: "running";
    readonly status: RelayStatus;
    readonly addresses: readonly string[];
    /** Answer to `GET /path`, if the relay knows this question. */
    readonly path: unknown;
  }
  | { readonly state: "stopped" }
  /** It is there, and cannot be asked: `reason` and what to do, in words. */
  | { readonly state: "unknown"; readonly reason: string };

/** What a check looks at. */
export interface DoctorContext {
  /** The settings, or the defaults where they have faults. */
  readonly config: Config;
  /** Where the settings are. */
  readonly configFile: string;
  /** What is wrong with the settings. */
  readonly configProblems: readonly string[];
  readonly relay: RelayView;
  readonly machine: Machine;
  readonly now: Date;
  /** Aborted when the check has had its time. */
  readonly signal: AbortSignal;
}
