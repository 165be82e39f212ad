/**
 * Passphrases: from a file, from the environment, or typed in. Never from the
 * command line, which every user of the machine can read.
 *
 * @module
 */

import type { Environment } from "../config/mod.ts";
import { UsageError } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** Environment variable that may hold the passphrase of a backup. */
export const PASSPHRASE_VARIABLE = "PORCHLIGHT_PASSPHRASE";

/** Most bytes of a file that holds a passphrase. */
const MAX_FILE = 4096;
/** Longest passphrase that is typed in. */
const MAX_TYPED = 1024;

/** Where a passphrase may come from. */
export interface PassphraseSource {
  /** File whose first line it is. */
  readonly file: string | undefined;
  readonly env: Environment;
  readonly terminal: Terminal;
  /** Ask twice: a new one, which nobody can recover from a slip. */
  readonly isNew: boolean;
}

/**
 * The passphrase.
 *
 * @throws {UsageError} where there is none and nobody to ask
 */
export async function passphraseOf(
  { file, env, terminal, isNew }: PassphraseSource,
): Promise<string> {
  if (file !== undefined) return await firstLine(file);
  const given = env[PASSPHRASE_VARIABLE];
  if (given !== undefined && given !== "") return given;
  if (!Deno.stdin.isTerminal()) {
    throw new UsageError(
      "There is nobody to ask for the passphrase. Give --passphrase-file " +
        `FILE, or set ${PASSPHRASE_VARIABLE}.`,
    );
  }
  if (!isNew) return await askSecret("Passphrase: ");
  terminal.complain(
    "Choose a passphrase for the backup. Five words that do not belong together are",
    "good. Without it, nobody can open the backup: write it down.",
  );
  const passphrase = await askSecret("Passphrase: ");
  if (await askSecret("Again: ") !== passphrase) {
    throw new UsageError("These were two different passphrases.");
  }
  return passphrase;
}

/**
 * The first line of a file.
 *
 * @throws {UsageError} when it cannot be read
 */
export async function firstLine(file: string): Promise<string> {
  return (await secretText(file)).split("\n")[0].replace(/\r$/, "");
}

/**
 * A small file that holds secrets.
 *
 * @throws {UsageError} when it cannot be read
 */
export async function secretText(file: string): Promise<string> {
  try {
    const { size } = await Deno.stat(file);
    if (size > MAX_FILE) throw new Error("it is too long");
    return await Deno.readTextFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read ${file} (${reason}).`, { cause });
  }
}

/** Asks on the terminal, and shows nothing of what is typed. */
export async function askSecret(question: string): Promise<string> {
  const { stdin, stderr } = Deno;
  const say = (text: string) =>
    stderr.writeSync(new TextEncoder().encode(text));
  // First, so that nothing is shown of who types fast.
  stdin.setRaw(true);
  say(question);
  const typed: number[] = [];
  try {
    const buffer = new Uint8Array(256);
    for (;;) {
      const count = await stdin.read(buffer);
      if (count === null) break;
      for (const byte of buffer.subarray(0, count)) {
        if (byte === 0x0d || byte === 0x0a) {
          return new TextDecoder().decode(Uint8Array.from(typed));
        }
        if (byte === 0x03 || byte === 0x04) throw new UsageError("Left off.");
        if (byte === 0x7f || byte === 0x08) backspace(typed);
        else if (byte >= 0x20 && typed.length < MAX_TYPED) typed.push(byte);
      }
    }
    return new TextDecoder().decode(Uint8Array.from(typed));
  } finally {
    stdin.setRaw(false);
    say("\n");
  }
}

/** Takes away the last character: in UTF-8, its first byte is not 10xxxxxx. */
function backspace(typed: number[]): void {
  while (typed.length > 0 && (Number(typed.pop()) & 0xc0) === 0x80) {
    // The rest of the character.
  }
}
