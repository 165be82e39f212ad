/**
 * Sharing the relay with others, within limits.
 *
 * @module
 */

export { type FullReason, Share, type ShareSources } from "./share.ts";
export type { Given } from "./tally.ts";
