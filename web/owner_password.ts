/**
 * The owner's password: how it is kept, checked, and reset by somebody who can
 * put a file onto the machine's disk or card.
 *
 * @module
 */

import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../relay/files.ts";

/** Shortest and longest password, in characters. */
export const PASSWORD_LENGTH = { min: 8, max: 256 } as const;

/** Where the hash is, in the data directory. */
const PASSWORD_FILE = "owner-password.json";
/** A file of this name, whatever is in it, takes the password away. */
export const RESET_FILE = "reset-password";
/** What other computers see of the card of a Raspberry Pi. */
const BOOT_DIRECTORIES = ["/boot/firmware", "/boot"];

/** 32 MB and about a third of a second on a Raspberry Pi 4 (RFC 7914). */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 };
const HASH_LENGTH = 32;
const SALT_LENGTH = 16;
/** Checks that wait for their turn; more are refused. */
const MAX_WAITING = 8;
const MAX_FILE = 4096;

interface Kept {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
  /** Which reset files were there when it was set: they have had their effect. */
  readonly resets: string;
}

/** The owner's password is not as it must be; the message says how. */
export class PasswordError extends Error {
  override readonly name = "PasswordError";
}

/** The password of one relay, in its data directory. */
export class OwnerPassword {
  readonly #directory: string;
  readonly #resetDirectories: readonly string[];
  /** One hash at a time: each takes 32 MB. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(
    directory: string,
    { bootDirectories = BOOT_DIRECTORIES }: {
      readonly bootDirectories?: readonly string[];
    } = {},
  ) {
    this.#directory = directory;
    this.#resetDirectories = [directory, ...bootDirectories];
  }

  /**
   * Whether there is one. A reset file that has come since it was set removes
   * it.
   */
  async isSet(): Promise<boolean> {
    const kept = await this.#read();
    if (kept === undefined) return false;
    const resets = await this.#resets();
    if (resets === "" || resets === kept.resets) return true;
    await this.remove();
    return false;
  }

  /** Whether this is it; `busy` when too many are being checked. */
  async check(password: string): Promise<boolean | "busy"> {
    const kept = await this.#read();
    if (kept === undefined || password.length > PASSWORD_LENGTH.max) {
      return false;
    }
    if (this.#waiting >= MAX_WAITING) return "busy";
    const hash = await this.#hash(password, kept.salt);
    return timingSafeEqual(hash, kept.hash);
  }

  /**
   * Sets it; with `first`, only where there is none.
   *
   * @throws {PasswordError}
   */
  async set(
    password: string,
    { first = false }: { readonly first?: boolean } = {},
  ): Promise<void> {
    const problem = passwordProblem(password);
    if (problem !== undefined) throw new PasswordError(problem);
    const salt = randomBytes(SALT_LENGTH);
    const hash = await this.#hash(password, salt);
    const text = JSON.stringify({
      format: 1,
      salt: salt.toBase64(),
      scrypt: hash.toBase64(),
      resets: await this.#resets(),
    });
    try {
      await writeFileAtomic(this.#path, `${text}\n`, {
        mode: 0o600,
        createNew: first,
      });
      await this.#giveToRelay();
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      throw new PasswordError(
        "Somebody has chosen a password in this very moment.",
        { cause: error },
      );
    }
  }

  /** Takes it away: whoever opens the page next chooses another one. */
  async remove(): Promise<void> {
    await removeIfThere(this.#path);
    // On the card's first partition only root may do this; `resets` copes.
    await removeIfThere(join(this.#directory, RESET_FILE));
  }

  /** Written by root, it has to be the relay's, as its directory is. */
  async #giveToRelay(): Promise<void> {
    if (Deno.uid() !== 0) return;
    const { uid, gid } = await Deno.stat(this.#directory);
    await Deno.chown(this.#path, uid, gid);
  }

  get #path(): string {
    return join(this.#directory, PASSWORD_FILE);
  }

  async #read(): Promise<Kept | undefined> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    const kept = text.length > MAX_FILE ? undefined : parseKept(text);
    if (kept !== undefined) return kept;
    throw new Error(`${this.#path} is damaged. Remove it to begin anew.`);
  }

  /** The reset files that are there: their place and time. */
  async #resets(): Promise<string> {
    const found: string[] = [];
    for (const directory of this.#resetDirectories) {
      for (const name of [RESET_FILE, `${RESET_FILE}.txt`]) {
        const path = join(directory, name);
        const info = await Deno.lstat(path).catch(() => undefined);
        if (info !== undefined) found.push(`${path} ${info.mtime?.getTime()}`);
      }
    }
    return found.join("\n");
  }

  async #hash(password: string, salt: Uint8Array): Promise<Uint8Array> {
    this.#waiting++;
    const turn = this.#turn.then(() => derive(password, salt));
    this.#turn = turn.catch(() => {/* The one who asked is told. */});
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}

/** What is wrong with a new password, in a sentence. */
export function passwordProblem(password: string): string | undefined {
  const length = [...password].length;
  if (length < PASSWORD_LENGTH.min) {
    return `The password needs at least ${PASSWORD_LENGTH.min} characters.`;
  }
  if (password.length > PASSWORD_LENGTH.max) {
    return `The password may have at most ${PASSWORD_LENGTH.max} characters.`;
  }
  return undefined;
}

function derive(password: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Keyboards write the same letter in several ways.
    const text = password.normalize("NFKC");
    scrypt(text, salt, HASH_LENGTH, COST, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

function parseKept(text: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== "object" || kept === null) return undefined;
    if (!("salt" in kept) || typeof kept.salt !== "string") return undefined;
    if (!("scrypt" in kept) || typeof kept.scrypt !== "string") {
      return undefined;
    }
    const hash = Uint8Array.fromBase64(kept.scrypt);
    const salt = Uint8Array.fromBase64(kept.salt);
    if (hash.length !== HASH_LENGTH) return undefined;
    const resets = "resets" in kept && typeof kept.resets === "string"
      ? kept.resets
      : "";
    return { salt, hash, resets };
  } catch {
    return undefined;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
