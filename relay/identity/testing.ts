/**
 * What the tests of this folder share.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IdentityError, type IdentityErrorCode } from "./errors.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A key pair of a vector, raw and in hex. */
interface VectorKey {
  readonly alg: "ed25519" | "ed448" | "x25519";
  readonly private: string;
  readonly public: string;
}

/** tests/vectors/identity.json; strings are hex unless named otherwise. */
export interface IdentityVectors {
  readonly signedKeys: readonly {
    readonly id: string;
    readonly signKey: VectorKey;
    readonly key: VectorKey;
    readonly output: string;
  }[];
  readonly chains: readonly {
    readonly id: string;
    readonly certChain: readonly string[];
    readonly identityFingerprint: string;
    readonly identityFingerprintB64: string;
    readonly sessionKey: VectorKey;
    readonly signedKey: string;
  }[];
  readonly service: {
    readonly certChain: readonly string[];
    readonly certHash: string;
    readonly sessionKey: VectorKey;
    readonly signedKey: string;
  };
}

/** Values that the reference generated. */
export const vectors: IdentityVectors = JSON.parse(
  Deno.readTextFileSync(join(ROOT, "tests/vectors/identity.json")),
);

/** The folder with the reference's own files, where this machine has it. */
export const SHARED = Deno.env.get("PORCHLIGHT_SHARED") ??
  join(ROOT, "../shared");

/** Bytes from hex. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** Runs `test` with a directory that is gone afterwards. */
export async function withDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs the `openssl` program in `directory`; returns what it printed. */
export async function openssl(
  directory: string,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", {
    args,
    cwd: directory,
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (!success) {
    throw new Error(`openssl ${args[0]} failed: ${text.decode(stderr)}`);
  }
  return text.decode(stdout);
}

/** Random numbers from 0 to `below` - 1, the same for the same seed. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Names of the files of an identity. */
export const NAMES = [
  "ca.crt",
  "ca.key",
  "fingerprint",
  "server.crt",
  "server.key",
];

/** Names in a directory, sorted. */
export function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

/** Contents of the identity's files, in the order of {@link NAMES}. */
export function contents(directory: string): string[] {
  return NAMES.map((name) => Deno.readTextFileSync(join(directory, name)));
}

/** Asserts that `action` rejects with this {@link IdentityError}. */
export async function rejects(
  action: Promise<unknown>,
  code: IdentityErrorCode,
  message: RegExp,
): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof IdentityError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
