/**
 * What happens to paths, and what is to be done about it.
 *
 * @module
 */

import type { CallbackOutcome } from "../../callback/mod.ts";
import type { MappingFailure, MappingMethod } from "../mapping.ts";
import type { Behind } from "../open_mapping.ts";
import type { Advertised } from "./choose.ts";
import type { Lease, PathKind } from "./state.ts";

/** What the router was asked, and what it granted. */
export interface PortEvent {
  readonly type: "port";
  readonly family: 4 | 6;
  readonly state: "searching" | "mapped" | "none";
  /** Address and port outside, where mapped. */
  readonly host?: string;
  readonly port?: number;
  readonly method?: MappingMethod;
  readonly router?: string;
  readonly behind?: Behind;
  /** Why there is none. */
  readonly failure?: MappingFailure;
}

/** Something that happened. */
export type PathEvent =
  /** The public addresses that this machine has itself. */
  | {
    readonly type: "addresses";
    readonly direct4?: string;
    readonly direct6?: string;
    /** There is a way to any router. */
    readonly connected: boolean;
  }
  /** Cables, routers or addresses changed. */
  | { readonly type: "network" }
  | PortEvent
  /** Somebody outside has looked. */
  | {
    readonly type: "called";
    readonly call: number;
    readonly outcome: CallbackOutcome;
    /** Where the request came from. */
    readonly observed: string;
  }
  /** Nobody outside could be asked. */
  | { readonly type: "not called"; readonly call: number }
  | {
    readonly type: "tunnel up";
    readonly host: string;
    readonly port: number;
    /** The core has looked whether the relay answers through it. */
    readonly confirmed: boolean;
  }
  | { readonly type: "tunnel down" }
  | { readonly type: "onion up"; readonly host: string; readonly port: number }
  | { readonly type: "onion down" }
  /** Without `lease`: it is given up. */
  | { readonly type: "lease"; readonly lease?: Lease }
  /** Time has passed. */
  | { readonly type: "tick" };

/** A thing to do. */
export type PathEffect =
  /** Ask for a call-back; answer with `called` or `not called`. */
  | {
    readonly type: "call";
    readonly call: number;
    readonly kind: PathKind;
    readonly family: 4 | 6;
    readonly port: number;
    /** Address of this machine to ask from. */
    readonly from?: string;
  }
  /** Give a `tick` at that time; takes the place of earlier ones. */
  | { readonly type: "wake"; readonly at: number }
  /** The relay is reached by these from now on. */
  | { readonly type: "advertise"; readonly hosts: readonly Advertised[] };
