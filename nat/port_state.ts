/**
 * What is told about a port that is kept open, and what to keep open.
 *
 * @module
 */

import type { Mapping, PortMapper, RouterLink } from "./mapping.ts";
import type { Behind, MappingTrouble } from "./open_mapping.ts";

/** How it stands with the port. */
export interface PortState {
  readonly family: 4 | 6;
  readonly state:
    /** Routers are being asked. */
    | "searching"
    /** A router has granted it. Whether it works, only a call from outside tells. */
    | "mapped"
    /** No router grants it; asked again later, and when the network changes. */
    | "none";
  readonly mapping?: Mapping;
  /** What stands between the mapping and the world, as far as routers tell. */
  readonly behind?: Behind;
  /** Why the last search gave nothing, or not more. */
  readonly failures: readonly MappingTrouble[];
  /**
   * IPv4: this machine has this public address itself, so that there is nothing
   * to map. State is `none`.
   */
  readonly ownAddress?: string;
  /** Whether there is a default route with a router at all. */
  readonly connected: boolean;
}

/** What to keep open, and how. */
export interface PortKeeperOptions {
  readonly family: 4 | 6;
  readonly internalPort: number;
  /** Port wished for outside; default: the same as inside. */
  readonly externalPort?: number;
  /** Wished life of the mapping, seconds; renewed at half of it. */
  readonly lifetimeSeconds?: number;
  /** Best first. */
  readonly mappers: readonly PortMapper[];
  /**
   * Called at each change, and again when a mapping had to be made anew, even
   * if it looks the same. Must not throw.
   */
  readonly onState: (state: PortState) => void;
  /**
   * Between checks whether the router still knows the mapping, milliseconds;
   * default: 3 s, and 30 s for UPnP, where a check costs more.
   */
  readonly checkInterval?: number;
  /** Ends the keeper as `stop` does. */
  readonly signal?: AbortSignal;
  /** Default: what the kernel tells (`readLinks`). */
  readonly readLinks?: (family: 4 | 6) => Promise<RouterLink[]>;
}
