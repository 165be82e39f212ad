/**
 * The command line.
 *
 * @module
 */

export { address } from "./address.ts";
export type { Command, Commands } from "./command.ts";
export { exportCommand } from "./export.ts";
export { help } from "./help.ts";
export { importCommand } from "./import.ts";
export { init } from "./init.ts";
export { run } from "./run.ts";
export { start } from "./start.ts";
export { status } from "./status.ts";
export { version } from "./version.ts";
