/**
 * Asking the running relay, for the commands that do.
 *
 * @module
 */

import type { Environment } from "../config/mod.ts";
import { askRelay, ControlError } from "../relay/control/mod.ts";
import { configFlags, type FlagValues } from "./flags.ts";
import { configOf } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

/** Flags of the commands that ask the running relay. */
export const askFlags = {
  json: { doc: "Print JSON, for programs." },
  ...configFlags,
} as const;

type AskFlagValues = FlagValues<typeof askFlags>;

/** Waits for a slow disk under what it is asked to do. */
const TIMEOUT_MS = 60_000;

/**
 * Asks the relay that the flags name, and prints its answer: as JSON where
 * that is wanted, else in the lines that `describe` makes of it.
 *
 * @throws {ControlError}
 * @throws {ConfigError}
 */
export async function askAndPrint<T>(
  question: { readonly path: string; readonly body?: unknown },
  { values, env, terminal, describe }: {
    values: AskFlagValues;
    env: Environment;
    terminal: Pick<Terminal, "print">;
    describe: (answer: T) => string[];
  },
): Promise<void> {
  const { socket } = configOf(values, env).control;
  const answer = await askRelay(question.path, {
    socket,
    body: question.body,
    timeoutMs: TIMEOUT_MS,
  });
  if (values.json) {
    terminal.print(JSON.stringify(answer, undefined, 2));
    return;
  }
  let lines: string[];
  try {
    // The relay is this very program, unless it was updated while it runs.
    lines = describe(answer as T);
  } catch (cause) {
    throw new ControlError(
      "no answer",
      "The running relay is of another version. Restart it.",
      { cause },
    );
  }
  terminal.print(...lines);
}

/** Rows as lines, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`
      .trimEnd()
  );
}
