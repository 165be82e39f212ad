/**
 * Who can open a backup: whoever knows the passphrase, or has the key of one
 * of the recipients. The file is in the age format (age-encryption.org/v1), so
 * that the program `age` opens it as well.
 *
 * @module
 */

import { BackupError } from "./error.ts";

/** Loaded when it is needed: a relay that only runs has no use for it. */
const age = () => import("age-encryption");

/** With what a backup is locked: one passphrase, or recipients. */
export interface LockingKeys {
  readonly passphrase?: string;
  /** Public keys of age: `age1…`. */
  readonly recipients?: readonly string[];
}

/** With what a backup is opened. */
export interface OpeningKeys {
  readonly passphrase?: string;
  /** Secret keys of age: `AGE-SECRET-KEY-…`. */
  readonly identities?: readonly string[];
}

/**
 * Cost of guessing a passphrase: scrypt with N = 2^17 takes 128 MB for a
 * moment, which a machine with 512 MB has. Half of what `age` takes.
 */
const WORK_FACTOR = 17;

/** Fewest characters of a passphrase. */
const MIN_PASSPHRASE = 10;

/** First line of a file in the age format. */
export const AGE_MAGIC = "age-encryption.org/v1\n";

/** Why these keys cannot lock a backup; `undefined` when they can. */
export async function keyProblem(
  { passphrase, recipients = [] }: LockingKeys,
): Promise<string | undefined> {
  if (recipients.length > 0) {
    if (passphrase !== undefined) {
      return "Choose either a passphrase or recipients, not both.";
    }
    for (const each of recipients) {
      if (await isRecipient(each)) continue;
      const shown = each.slice(0, 80);
      return `"${shown}" is no public key of age: one begins with age1.`;
    }
    return undefined;
  }
  if (passphrase === undefined || passphrase === "") {
    return "A backup needs a passphrase or a recipient: it holds the relay's keys.";
  }
  return passphrase.length < MIN_PASSPHRASE
    ? `The passphrase is too short: it needs ${MIN_PASSPHRASE} characters. Five ` +
      "words that do not belong together are good."
    : undefined;
}

/**
 * Locks what comes with these keys.
 *
 * @throws {BackupError} when the keys are of no use
 */
export async function lock(
  plain: ReadableStream<Uint8Array>,
  keys: LockingKeys,
): Promise<ReadableStream<Uint8Array>> {
  const problem = await keyProblem(keys);
  if (problem !== undefined) throw new BackupError(problem);
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  if (keys.passphrase === undefined) {
    for (const each of keys.recipients ?? []) encrypter.addRecipient(each);
  } else {
    encrypter.setScryptWorkFactor(WORK_FACTOR);
    encrypter.setPassphrase(keys.passphrase);
  }
  return await encrypter.encrypt(plain);
}

/**
 * Opens what was locked. What is read of the result is authentic; that it is
 * all there is known at its end.
 *
 * @throws {BackupError} when no key fits, or the beginning is damaged
 */
export async function unlock(
  locked: ReadableStream<Uint8Array>,
  { passphrase, identities = [] }: OpeningKeys,
): Promise<ReadableStream<Uint8Array>> {
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  try {
    if (passphrase !== undefined) decrypter.addPassphrase(passphrase);
    for (const each of identities) decrypter.addIdentity(each);
  } catch (cause) {
    throw new BackupError(
      "This is no secret key of age: one begins with AGE-SECRET-KEY-.",
      { cause },
    );
  }
  try {
    return await decrypter.decrypt(locked);
  } catch (cause) {
    const noMatch = cause instanceof Error && /no identity/.test(cause.message);
    throw new BackupError(
      noMatch
        ? "The backup does not open with this passphrase or key. Nothing was changed."
        : "The backup is damaged at its beginning. Nothing was changed. Use another copy of it.",
      { cause },
    );
  }
}

async function isRecipient(text: string): Promise<boolean> {
  const { Encrypter } = await age();
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
