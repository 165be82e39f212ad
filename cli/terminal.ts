/**
 * Where commands print to.
 *
 * @module
 */

import type { Environment } from "../config/mod.ts";

/** Colours and weights that are used. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red";

/** Output of a command. */
export interface Terminal {
  /** Prints lines to standard output. */
  print(...lines: string[]): void;
  /** Prints lines to standard error. */
  complain(...lines: string[]): void;
  /** Styles a text where colours are wanted, else gives it as it is. */
  style(style: Style, text: string): string;
  /** Whether a person is looking. */
  readonly isTerminal: boolean;
  /** Whether colours are wanted: a terminal, and no `NO_COLOR` (no-color.org). */
  readonly colour: boolean;
  /** Whether the terminal says that it writes dark on light (`COLORFGBG`). */
  readonly light: boolean;
  /** Width in characters. */
  readonly columns: number;
}

const codes: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  green: "32",
  yellow: "33",
  red: "31",
};

/** The terminal that this process was started in. */
export function systemTerminal(env: Environment): Terminal {
  const isTerminal = Deno.stdout.isTerminal();
  const colour = isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
  const background = Number(env.COLORFGBG?.split(";").at(-1) ?? NaN);
  return {
    isTerminal,
    colour,
    light: background === 7 || background >= 9,
    columns: isTerminal ? columnsOf() : 80,
    print: (...lines) => write(Deno.stdout, lines),
    complain: (...lines) => write(Deno.stderr, lines),
    style: (style, text) =>
      colour ? `\x1b[${codes[style]}m${text}\x1b[0m` : text,
  };
}

function columnsOf(): number {
  try {
    return Deno.consoleSize().columns || 80;
  } catch {
    return 80; // A terminal that does not know its size.
  }
}

function write(
  stream: { writeSync(bytes: Uint8Array): number },
  lines: readonly string[],
): void {
  const bytes = new TextEncoder().encode(
    lines.map((line) => `${line}\n`).join(""),
  );
  try {
    for (let done = 0; done < bytes.length;) {
      done += stream.writeSync(bytes.subarray(done));
    }
  } catch (error) {
    // `porchlight help | head` closes the pipe before the end.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
