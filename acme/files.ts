/**
 * What is kept of a certificate authority: the account's key and the newest
 * certificate with its key, each in one file (mode 0600), so that a power cut
 * leaves both of a pair or neither.
 *
 * ```text
 * account.json      { directory, key }
 * certificate.json  { directory, certificates, key }
 * ```
 *
 * `directory` is the CA's URL: with another CA, both begin anew.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../relay/files.ts";
import { AccountKey } from "./jws.ts";
import type { Credentials } from "./solver.ts";

const ACCOUNT = "account.json";
const CERTIFICATE = "certificate.json";
const MAX_FILE = 256 * 1024;

/** The files of one CA in a directory. */
export class AcmeFiles {
  readonly #directory: string;
  readonly #ca: string;

  constructor(directory: string, ca: string) {
    this.#directory = directory;
    this.#ca = ca;
  }

  /** The account's key; a new one where there is none, or a damaged one. */
  async accountKey(): Promise<AccountKey> {
    const { key } = await this.#read(ACCOUNT);
    try {
      if (key !== undefined) return AccountKey.fromPem(key);
    } catch {
      // Damaged: an account costs nothing.
    }
    const made = AccountKey.generate();
    await this.#write(ACCOUNT, { key: made.pem });
    return made;
  }

  /** The certificate; `undefined` where there is none that can be used. */
  async certificate(): Promise<Credentials | undefined> {
    const { certificates, key } = await this.#read(CERTIFICATE);
    if (certificates === undefined || key === undefined) return undefined;
    try {
      const fits = new X509Certificate(certificates)
        .checkPrivateKey(createPrivateKey(key));
      return fits ? { certificates, key } : undefined;
    } catch {
      return undefined; // Damaged: another one is had.
    }
  }

  /** Keeps a new certificate. */
  async keep({ certificates, key }: Credentials): Promise<void> {
    await this.#write(CERTIFICATE, { certificates, key });
  }

  async #read(name: string): Promise<Partial<Record<string, string>>> {
    let text: string;
    try {
      const path = join(this.#directory, name);
      if ((await Deno.stat(path)).size > MAX_FILE) return {};
      text = await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return {};
      throw error;
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== "object" || value === null) return {};
      const strings = Object.entries(value)
        .filter((entry): entry is [string, string] =>
          typeof entry[1] === "string"
        );
      const fields = Object.fromEntries(strings);
      return fields.directory === this.#ca ? fields : {};
    } catch {
      return {}; // Damaged.
    }
  }

  async #write(name: string, fields: Record<string, string>): Promise<void> {
    await Deno.mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const text = JSON.stringify(
      { directory: this.#ca, ...fields },
      undefined,
      2,
    );
    const path = join(this.#directory, name);
    await writeFileAtomic(path, `${text}\n`, { mode: 0o600 });
  }
}
