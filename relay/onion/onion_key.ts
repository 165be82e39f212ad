/**
 * The key of the relay's onion service, and the name that follows from it.
 *
 * @module
 */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { join } from "node:path";
import { writeFileAtomic } from "../files.ts";
import { TorError } from "./errors.ts";

/** The key's file in the data directory: Ed25519 as PEM (PKCS#8), mode 0600. */
export const ONION_KEY_FILE = "onion.key";

/** Version of onion services (rend-spec-v3). */
const VERSION = 3;

const PUBLIC_KEY_SIZE = 32;
const NAME_SIZE = PUBLIC_KEY_SIZE + 2 + 1;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** The key of an onion service. It does not show when it is printed. */
export class OnionKey {
  readonly #key: KeyObject;
  /** `<56 letters and digits>.onion` */
  readonly host: string;

  constructor(key: KeyObject) {
    this.#key = key;
    this.host = onionHost(publicKeyOf(key));
  }

  /** As `ADD_ONION` takes it. A secret. */
  get controlText(): string {
    const expanded = expandSeed(seedOf(this.#key));
    return `ED25519-V3:${expanded.toBase64()}`;
  }
}

/**
 * The name of the onion service with this public key (32 bytes).
 *
 * ```
 * name     = base32(public key (32) | checksum (2) | version (1)) ".onion"
 * checksum = SHA3-256(".onion checksum" | public key | version), first 2 bytes
 * ```
 *
 * Source: rend-spec-v3, "Encoding onion addresses".
 */
export function onionHost(publicKey: Uint8Array): string {
  if (publicKey.length !== PUBLIC_KEY_SIZE) {
    throw new RangeError(
      `Cannot name an onion service with a key of ${publicKey.length} bytes`,
    );
  }
  const bytes = new Uint8Array(NAME_SIZE);
  bytes.set(publicKey);
  bytes.set(checksum(publicKey), PUBLIC_KEY_SIZE);
  bytes[NAME_SIZE - 1] = VERSION;
  return `${base32(bytes)}.onion`;
}

/** Whether this is the name of an onion service of version 3. */
export function isOnionHost(host: string): boolean {
  const [, name] = /^([a-z2-7]{56})\.onion$/.exec(host) ?? [];
  if (name === undefined) return false;
  const key = fromBase32(name).subarray(0, PUBLIC_KEY_SIZE);
  return onionHost(key) === host;
}

/**
 * Reads the key from the data directory; `undefined` when there is none.
 *
 * @throws {TorError} `key` when the file cannot be read or is damaged
 */
export async function readOnionKey(
  directory: string,
): Promise<OnionKey | undefined> {
  const path = join(directory, ONION_KEY_FILE);
  try {
    const key = createPrivateKey(await Deno.readTextFile(path));
    if (key.asymmetricKeyType !== "ed25519") {
      throw new TypeError("Cannot use a key that is not Ed25519");
    }
    return new OnionKey(key);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new TorError(
      "key",
      `The key of the onion address, ${path}, cannot be read.`,
      {
        cause,
        remedy: "Put it back from a backup, or remove it: the relay then " +
          "makes another, with another onion address.",
      },
    );
  }
}

/**
 * Reads the key from the data directory, or makes one there.
 *
 * @throws {TorError} `key`
 */
export async function readOrMakeOnionKey(
  directory: string,
): Promise<OnionKey> {
  const present = await readOnionKey(directory);
  if (present !== undefined) return present;
  const { privateKey } = generateKeyPairSync("ed25519");
  const path = join(directory, ONION_KEY_FILE);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    await writeFileAtomic(path, pem, { mode: 0o600, createNew: true });
  } catch (cause) {
    throw new TorError(
      "key",
      `The key of the onion address, ${path}, cannot be written.`,
      { cause, remedy: "Look at the disk of the data directory." },
    );
  }
  return new OnionKey(privateKey);
}

function checksum(publicKey: Uint8Array): Uint8Array {
  return createHash("sha3-256").update(".onion checksum").update(publicKey)
    .update(Uint8Array.of(VERSION)).digest().subarray(0, 2);
}

function publicKeyOf(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return new Uint8Array(spki).subarray(-PUBLIC_KEY_SIZE);
}

/** The seed is the end of PKCS#8 (RFC 8410, section 7). */
function seedOf(key: KeyObject): Uint8Array {
  const der = key.export({ type: "pkcs8", format: "der" });
  return new Uint8Array(der).subarray(-32);
}

/** From the seed to the scalar and the prefix (RFC 8032, section 5.1.5). */
function expandSeed(seed: Uint8Array): Uint8Array {
  const expanded = new Uint8Array(
    createHash("sha512").update(seed).digest(),
  );
  expanded[0] &= 248;
  expanded[31] = (expanded[31] & 127) | 64;
  return expanded;
}

/** RFC 4648 without padding, in lower case; whole groups of 5 bytes. */
function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8 | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) {
      text += BASE32[value >> (bits - 5) & 31];
    }
  }
  return text;
}

function fromBase32(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(text.length * 5 / 8));
  let bits = 0;
  let value = 0;
  let length = 0;
  for (const letter of text) {
    value = (value << 5 | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = value >> bits & 255;
    }
  }
  return bytes;
}
