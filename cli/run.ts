/**
 * From words on the command line to a command, and from errors to words.
 *
 * @module
 */

import { ConfigError } from "../config/mod.ts";
import { ControlError } from "../relay/control/mod.ts";
import { IdentityError } from "../relay/identity/mod.ts";
import type { Commands, Context } from "./command.ts";
import { commonFlags, parseFlags, UsageError } from "./flags.ts";
import { commandOf, explain, overview } from "./help.ts";
import { systemTerminal, type Terminal } from "./terminal.ts";

/**
 * Runs the command that the arguments name and gives the exit code: 2 where
 * the command line or the settings are wrong, 1 where something else fails.
 */
export async function run(
  args: readonly string[],
  commands: Commands,
): Promise<number> {
  const env = Deno.env.toObject();
  const context = { terminal: systemTerminal(env), env, commands };
  try {
    return await dispatch(args, context);
  } catch (error) {
    return report(error, context.terminal);
  }
}

async function dispatch(
  [name, ...args]: readonly string[],
  context: Context,
): Promise<number> {
  const { commands, terminal } = context;
  if (name === undefined) {
    terminal.complain(overview(commands));
    return 2;
  }
  if (name === "--help" || name === "-h") name = "help";
  if (name === "--version" || name === "-v") name = "version";
  const command = commandOf(commands, name);
  const flags = { ...command.flags, ...commonFlags };
  const { values, words } = parseFlags(args, flags);
  if (values.help) {
    terminal.print(explain(commands, name));
    return 0;
  }
  if (words.length > 0 && command.takes === undefined) {
    throw new UsageError(`"${words[0].slice(0, 60)}" is one word too many.`);
  }
  return await command.run(values, context, words);
}

/** Says what went wrong: short where the owner can mend it, in full where we must. */
function report(error: unknown, { complain, style }: Terminal): number {
  const wrong = style("red", "porchlight:");
  if (error instanceof UsageError) {
    complain(`${wrong} ${error.message}`, "Try: porchlight help");
    return 2;
  }
  if (error instanceof ConfigError) {
    complain(
      `${wrong} the settings need a look:`,
      ...error.problems.map((problem) => `  ${problem}`),
    );
    return 2;
  }
  if (error instanceof ControlError || error instanceof IdentityError) {
    complain(`${wrong} ${error.message}`);
    return 1;
  }
  if (isOurs(error)) {
    complain(`${wrong} ${error.message}`);
    return 1;
  }
  complain(
    `${wrong} this should not have happened: it is a fault in Porchlight.`,
    "Please report it with these lines:",
    "",
    error instanceof Error ? error.stack ?? error.message : String(error),
  );
  return 1;
}

/** Errors that are written for the owner: those with a name of their own, and the system's. */
function isOurs(error: unknown): error is Error {
  const builtIn = /^(Error|TypeError|RangeError|ReferenceError|SyntaxError)$/;
  return error instanceof Error && !builtIn.test(error.name) &&
    error.name !== "AssertionError" && error.name !== "AggregateError";
}
