/**
 * What a command is.
 *
 * @module
 */

import type { Environment } from "../config/mod.ts";
import type { Flags, FlagValues } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** What a command may use of the world around it. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: Environment;
  /** All commands, for `help`. */
  readonly commands: Commands;
}

/** One command: its help, its flags and what it does. */
export interface Command<F extends Flags = Flags> {
  /** One line, in the list of commands. */
  readonly summary: string;
  /** What follows the name, before the flags: "[command]". */
  readonly takes?: string;
  /** The rest of its help: what it does, with examples. */
  readonly help: string;
  readonly flags: F;
  /** Does it; gives the exit code. */
  run(
    values: FlagValues<F>,
    context: Context,
    words: readonly string[],
  ): number | Promise<number>;
}

/** Commands by name, in the order of the list. */
export type Commands = Readonly<Record<string, Command>>;

/** Keeps the types of a command's flags. */
export function command<const F extends Flags>(it: Command<F>): Command {
  // `run` gets what `parseFlags` read by these very flags.
  return it as unknown as Command;
}
