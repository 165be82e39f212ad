/**
 * Flags of commands: `--name`, `--name value`, `--name=value`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { nearest } from "../config/mod.ts";

/** One flag. Without `value` it is a switch. */
export interface Flag {
  readonly doc: string;
  /** What its value is called in the help: "FILE". */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** One letter. */
  readonly short?: string;
}

/** Flags by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** What was given, by flag. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]: F[Name]["value"] extends string
    ? (F[Name]["multiple"] extends true ? readonly string[]
      : string | undefined)
    : boolean;
};

/** The command line is not understood; the message says what was probably meant. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Flags that every command knows. */
export const commonFlags = {
  help: { doc: "Show this help.", short: "h" },
} as const satisfies Flags;

/** Flags of the commands that read the configuration. */
export const configFlags = {
  data: { doc: "The relay's data directory.", value: "DIRECTORY" },
  config: {
    doc: "The settings, if not porchlight.toml in there.",
    value: "FILE",
  },
  set: {
    doc: "Change a setting; may be repeated.",
    value: "SECTION.KEY=VALUE",
    multiple: true,
  },
} as const satisfies Flags;

/**
 * Reads the words after the command's name.
 *
 * @throws {UsageError} for a flag that there is not, and a value that is
 * missing or too many
 */
export function parseFlags<F extends Flags>(
  args: readonly string[],
  flags: F,
): { values: FlagValues<F>; words: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { value, short }]) => [name, {
        type: value === undefined ? "boolean" : "string",
        ...(short === undefined ? {} : { short }),
      }]),
    ),
  });
  const values: Record<string, unknown> = {};
  for (const [name, { value, multiple }] of Object.entries(flags)) {
    values[name] = value === undefined ? false : multiple ? [] : undefined;
  }
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(flags, name)) throw unknownFlag(rawName, flags);
    const flag = flags[name];
    const given = values[name];
    if (flag.value === undefined) {
      if (value !== undefined) {
        throw new UsageError(`--${name} takes no value.`);
      }
      values[name] = true;
    } else if (value === undefined) {
      throw new UsageError(`--${name} needs a value: --${name} ${flag.value}`);
    } else if (Array.isArray(given)) given.push(value);
    else if (given !== undefined) {
      throw new UsageError(`--${name} is given twice.`);
    } else values[name] = value;
  }
  // Filled just above after the shape of `flags`.
  return { values: values as FlagValues<F>, words };
}

function unknownFlag(given: string, flags: Flags): UsageError {
  const known = Object.keys(flags).map((name) => `--${name}`);
  const meant = nearest(given, known);
  const hint = meant === undefined
    ? `The flags are: ${known.join(", ")}.`
    : `Did you mean ${meant}?`;
  return new UsageError(`There is no flag ${given.slice(0, 60)}. ${hint}`);
}
