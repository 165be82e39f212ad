/**
 * The command line.
 *
 * @module
 */

export { address } from "./address.ts";
export { backup } from "./backup.ts";
export { cert } from "./cert.ts";
export { clients } from "./clients.ts";
export type { Command, Commands } from "./command.ts";
export { core } from "./core.ts";
export { doctor } from "./doctor.ts";
export { exportCommand } from "./export.ts";
export { file } from "./file.ts";
export { help } from "./help.ts";
export { importCommand } from "./import.ts";
export { init } from "./init.ts";
export { probe } from "./probe.ts";
export { queue } from "./queue.ts";
export { relays } from "./relays.ts";
export { restore } from "./restore.ts";
export { run } from "./run.ts";
export { save } from "./save.ts";
export { start } from "./start.ts";
export { stats } from "./stats.ts";
export { status } from "./status.ts";
export { storedFile } from "./stored_file.ts";
export { updateCommand } from "./update.ts";
export { password } from "./web.ts";
export { version } from "./version.ts";
