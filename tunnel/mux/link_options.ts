/**
 * How a link behaves.
 *
 * @module
 */

import type { LinkMemory } from "./link_memory.ts";
import type { MuxStream } from "./stream.ts";

/** Options of a link. */
export interface LinkOptions {
  /** Who dialled: its streams have odd IDs. */
  readonly role: "client" | "server";
  /**
   * Takes a stream that the peer opens; left out, the peer may open none.
   * Must not throw.
   */
  readonly onStream?: (stream: MuxStream) => void;
  /** Streams that may be open at a time, of both sides; default 1,000. */
  readonly maxStreams?: number;
  /** Bytes by which windows may grow together; default 16 MiB. */
  readonly windowBudget?: number;
  /**
   * Memory in bytes of what may wait here unread; above, the stream that holds
   * most is broken off. Default 16 MiB.
   */
  readonly maxUnread?: number;
  /** The same for several links together. */
  readonly memory?: LinkMemory;
  /** Time between pings, ms; default 20 s. */
  readonly pingMs?: number;
  /** Silence after which the link is dead, ms; default 45 s. */
  readonly deadMs?: number;
}
