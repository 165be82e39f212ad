/**
 * The keys that sign releases: Ed25519, one file each.
 *
 * ```json
 * { "role": "root", "public": "<hex>",
 *   "secret": { "kdf": "scrypt", "n": 131072, "r": 8, "p": 1,
 *               "salt": "<hex>", "nonce": "<hex>", "box": "<hex>" } }
 * ```
 *
 * `secret` is AES-256-GCM over the seed of 32 bytes, under the key that scrypt
 * makes of the passphrase; the nonce has 12 bytes, the tag follows the
 * ciphertext. Keys that sign by themselves (by cron) have the bare seed there.
 *
 * @module
 */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign as nodeSign,
} from "node:crypto";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { writeFileAtomic } from "../relay/files.ts";
import { ReleaseError } from "./error.ts";

/** The four roles of TUF, and the key of `SHA256SUMS`. */
export const KEY_ROLES = [
  "root",
  "targets",
  "snapshot",
  "timestamp",
  "install",
] as const;
export type KeyRole = typeof KEY_ROLES[number];

/** Asks for the passphrase of a role's keys; `undefined` where it has none. */
export type Passphrases = (role: KeyRole) => string | undefined;

/** Roles whose keys are needed too often to be kept behind a passphrase. */
const OPEN_ROLES: readonly KeyRole[] = ["snapshot", "timestamp"];

/** Whether the keys of this role are kept behind a passphrase. */
export function hasPassphrase(role: KeyRole): boolean {
  return !OPEN_ROLES.includes(role);
}

/** A key that can sign. */
export interface SigningKey {
  readonly role: KeyRole;
  /** 32 bytes, hexadecimal. */
  readonly publicHex: string;
  /** Its name in TUF: SHA-256 of its canonical JSON. */
  readonly id: string;
  /** PEM (SPKI), for openssl(1). */
  readonly publicPem: string;
  /** 64 bytes. */
  sign(data: Uint8Array): Uint8Array;
}

interface SealedSeed {
  readonly kdf: "scrypt";
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly nonce: string;
  readonly box: string;
}

interface KeyFile {
  readonly role: KeyRole;
  readonly public: string;
  readonly secret: string | SealedSeed;
}

/** Cost of guessing a passphrase: half a second and 128 MB for each. */
const SCRYPT = { n: 1 << 17, r: 8, p: 1 };
const MAX_MEMORY = 1 << 28;
const MIN_PASSPHRASE = 12;

/**
 * Makes a key and keeps it in `directory`.
 *
 * @throws {ReleaseError} for a short passphrase
 */
export async function makeKey(
  role: KeyRole,
  { directory, passphrase, cost }: {
    directory: string;
    passphrase?: string;
    /** Work to try a passphrase, a power of 2; the default suits people. */
    cost?: number;
  },
): Promise<SigningKey> {
  const seed = randomBytes(32);
  const key = signingKey(role, seed);
  if (passphrase === undefined && hasPassphrase(role)) {
    throw new ReleaseError(`The key for ${role} needs a passphrase.`);
  }
  const file: KeyFile = {
    role,
    public: key.publicHex,
    secret: passphrase === undefined
      ? seed.toString("hex")
      : seal(seed, passphrase, cost),
  };
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const name = `${role}-${key.publicHex.slice(0, 8)}.json`;
  await writeFileAtomic(
    join(directory, name),
    `${JSON.stringify(file, undefined, 2)}\n`,
    { mode: 0o600, createNew: true },
  );
  return key;
}

/**
 * The keys of a role in a directory.
 *
 * @throws {ReleaseError} when a passphrase is wrong or a file is damaged
 */
export async function readKeys(
  role: KeyRole,
  { directory, passphrases }: { directory: string; passphrases: Passphrases },
): Promise<SigningKey[]> {
  const names = await namesIn(directory, role);
  return await Promise.all(
    names.sort().map(async (name) => {
      const path = join(directory, name);
      const file: KeyFile = JSON.parse(await Deno.readTextFile(path));
      const key = signingKey(role, open(file, path, passphrases));
      if (key.publicHex === file.public) return key;
      throw new ReleaseError(`${path} is damaged: its halves do not fit.`);
    }),
  );
}

/** Files of a role's keys; none where the directory is not here. */
export async function namesIn(
  directory: string,
  role: KeyRole,
): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.startsWith(`${role}-`) && name.endsWith(".json")) {
        names.push(name);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

function open(
  { role, secret }: KeyFile,
  path: string,
  passphrases: Passphrases,
): Buffer {
  if (typeof secret === "string") return Buffer.from(secret, "hex");
  const passphrase = passphrases(role);
  if (passphrase === undefined) {
    throw new ReleaseError(`${path} needs its passphrase.`);
  }
  const key = derive(passphrase, secret);
  const sealed = Buffer.from(secret.box, "hex");
  const cipher = createDecipheriv(
    "aes-256-gcm",
    key,
    Buffer.from(secret.nonce, "hex"),
  );
  try {
    cipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([
      cipher.update(sealed.subarray(0, -16)),
      cipher.final(),
    ]);
  } catch (cause) {
    throw new ReleaseError(`The passphrase does not open ${path}.`, { cause });
  }
}

function seal(
  seed: Uint8Array,
  passphrase: string,
  n: number = SCRYPT.n,
): SealedSeed {
  if (passphrase.length < MIN_PASSPHRASE) {
    throw new ReleaseError(
      `A passphrase needs at least ${MIN_PASSPHRASE} characters.`,
    );
  }
  const salt = randomBytes(16).toString("hex");
  const nonce = randomBytes(12);
  const cipher = createCipheriv(
    "aes-256-gcm",
    derive(passphrase, { ...SCRYPT, n, salt }),
    nonce,
  );
  const box = Buffer.concat([
    cipher.update(seed),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return {
    kdf: "scrypt",
    ...SCRYPT,
    n,
    salt,
    nonce: nonce.toString("hex"),
    box: box.toString("hex"),
  };
}

function derive(
  passphrase: string,
  { n, r, p, salt }: Pick<SealedSeed, "n" | "r" | "p" | "salt">,
): Buffer {
  return scryptSync(passphrase.normalize("NFC"), Buffer.from(salt, "hex"), 32, {
    N: n,
    r,
    p,
    maxmem: MAX_MEMORY,
  });
}

/** PKCS #8 before the 32-byte seed of Ed25519 (RFC 8410 section 7). */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

function signingKey(role: KeyRole, seed: Uint8Array): SigningKey {
  const privateKey: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(privateKey);
  const publicHex = publicKey.export({ format: "der", type: "spki" })
    .subarray(-32).toString("hex");
  return {
    role,
    publicHex,
    id: createHash("sha256")
      .update(
        `{"keytype":"ed25519","keyval":{"public":"${publicHex}"},` +
          '"scheme":"ed25519"}',
      )
      .digest("hex"),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    sign: (data) => new Uint8Array(nodeSign(null, data, privateKey)),
  };
}
