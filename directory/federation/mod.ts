/**
 * Directories learn from each other.
 *
 * @module
 */

export { merge, type MergeCounts } from "./merge.ts";
export { type PeerStatus, Puller, type PullerOptions } from "./puller.ts";
