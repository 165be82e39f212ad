/**
 * The relay's side of directories: registering, reporting, taking leave.
 *
 * @module
 */

export type { Statement } from "./descriptor_source.ts";
export { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
export type { ReporterStatus, ReporterTimes } from "./reporter.ts";
