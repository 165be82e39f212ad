/**
 * What is known of the ways by which the world may reach this relay.
 *
 * @module
 */

import type { CallbackOutcome } from "../../callback/mod.ts";
import type { MappingFailure, MappingMethod } from "../mapping.ts";
import type { Behind } from "../open_mapping.ts";
import type { Advertised } from "./choose.ts";

/** A way by which the world reaches the relay. */
export type PathKind =
  /** A global IPv6 address of this machine, with or without a pinhole. */
  | "direct6"
  /** A public IPv4 address of this machine itself. */
  | "direct4"
  /** IPv4, forwarded by the router because we asked it to. */
  | "mapped"
  /** IPv4, forwarded by the router because its owner told it to. */
  | "manual"
  /** Through a core. */
  | "tunnel"
  /** A Tor onion service. */
  | "onion";

/** All kinds, the best first among those of one family. */
export const PATH_KINDS: readonly PathKind[] = [
  "direct6",
  "direct4",
  "mapped",
  "manual",
  "tunnel",
  "onion",
];

/** How it stands with a way. */
export type CandidateState =
  /** Nothing is known yet. */
  | "unknown"
  /** It is being set up or checked. */
  | "trying"
  /** Somebody outside has come this way and found this very relay. */
  | "confirmed"
  /** Nobody outside could be asked. */
  | "unconfirmed"
  /** It does not work; `reason` says why. */
  | "failed";

/** Why a candidate is in its state. */
export type PathReason =
  /** What the last call-back saw. */
  | CallbackOutcome
  /** Why routers grant no mapping. */
  | Exclude<MappingFailure, "refused">
  | "router refused"
  /** The router is being asked. */
  | "searching"
  /** Nobody is there to ask. */
  | "nobody to ask"
  /** Those who call back cannot be reached. */
  | "no answerer"
  /** The router has no public address: another router or the carrier is behind. */
  | "behind another router"
  | "behind the carrier"
  /** The tunnel, or the onion service, was lost. */
  | "down";

/** One way. */
export interface Candidate {
  readonly kind: PathKind;
  /** 0: neither, for onion services. */
  readonly family: 4 | 6 | 0;
  /** Host to reach it by, where that is known. */
  readonly host: string | undefined;
  /**
   * Address outside as the router, or this machine, tells it; `host` may be
   * seen to be another.
   */
  readonly outside?: string;
  /** Port outside. */
  readonly port: number;
  readonly state: CandidateState;
  readonly reason?: PathReason;
  /** It may well work, as far as can be told without a call-back. */
  readonly plausible: boolean;
  /** How the router was asked, and what it is called. */
  readonly method?: MappingMethod;
  readonly router?: string;
  readonly behind?: Behind;
  /** When a call-back last said whether it works. */
  readonly checkedAt?: number;
  /** Call-backs in a row that failed, and when the last of them did. */
  readonly failures: number;
  readonly failedAt?: number;
  /** Attempts in a row in which nobody could be asked. */
  readonly misses: number;
  /** When to ask for a call-back; `Infinity`: not at all. */
  readonly nextAt: number;
  /** Number of the call-back that is under way. */
  readonly calling?: number;
  /** It worked a moment ago: it is kept until then, whatever its state. */
  readonly heldUntil?: number;
}

/** What the owner has set. */
export interface PathSettings {
  /** Port of this machine that the relay listens on. */
  readonly port: number;
  /** Port that an owner may have forwarded by hand. */
  readonly manualPort: number;
  /** Routers are asked for mappings. */
  readonly mapping: boolean;
  /** There is somebody who calls back. */
  readonly callbacks: boolean;
  /** Time between checks when nothing changes, milliseconds. */
  readonly recheckMs: number;
}

/** Everything. Times are milliseconds on a clock that is never set. */
export interface PathState {
  readonly settings: PathSettings;
  readonly candidates: Readonly<Partial<Record<PathKind, Candidate>>>;
  /** A name and port for good, from a core. */
  readonly lease?: Lease;
  /** Whether this machine has any network. */
  readonly connected: boolean;
  /** What the world was told of last. */
  readonly told: readonly Advertised[];
  /** Call-backs asked for so far. */
  readonly calls: number;
  /** State of the random numbers that spread checks in time. */
  readonly random: number;
}

/** A name and port that stay the same for good. */
export interface Lease {
  readonly name: string;
  readonly port: number;
}

/** A state in which nothing is known. `seed`: for the spread in time. */
export function initialPathState(
  settings: PathSettings,
  seed: number,
): PathState {
  return {
    settings,
    candidates: {},
    connected: true,
    told: [],
    calls: 0,
    random: seed | 0,
  };
}
