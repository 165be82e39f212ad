/**
 * Many streams over one connection, in yamux's frames.
 *
 * @module
 */

export { MuxError, type MuxErrorKind } from "./errors.ts";
export { Link } from "./link.ts";
export type { LinkOptions } from "./link_options.ts";
export { LinkMemory } from "./link_memory.ts";
export type { MuxStream } from "./stream.ts";
