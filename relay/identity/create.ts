/**
 * Makes, loads and renews the identity in a directory.
 *
 * @module
 */

import { basename } from "node:path";
import type { KeyObject } from "node:crypto";
import { certificateFingerprint } from "./chain.ts";
import { readCertificate } from "./certificate.ts";
import { IdentityError } from "./errors.ts";
import { fingerprintText, type Identity } from "./identity.ts";
import {
  exists,
  FILES,
  type IdentityPaths,
  identityPaths,
  ioError,
  readCa,
  readCaKey,
  readIdentity,
} from "./identity_files.ts";
import { isSignAlgorithm, readPublicKey, type SignAlgorithm } from "./keys.ts";
import {
  generateKey,
  makeCaCertificate,
  makeOnlineCertificate,
} from "./make_certificate.ts";
import { certificatePem, parseCertificates, privateKeyPem } from "./pem.ts";
import {
  discardPending,
  moveIntoPlace,
  type NewFile,
  pendingFiles,
  replaceFiles,
} from "./replace_files.ts";

/** Name in the online certificate unless given; no client checks it. */
const COMMON_NAME = "127.0.0.1";

/** What an online certificate is made with. */
export interface CertificateOptions {
  /** Type of the key. */
  readonly algorithm?: SignAlgorithm;
  /** Common name of the online certificate, 1 to 64 characters. */
  readonly commonName?: string;
}

/** What an identity is made with. */
export interface CreateOptions extends CertificateOptions {
  /** Organization of the CA, 1 to 64 characters; "SimpleX" unless given. */
  readonly organization?: string;
}

/**
 * Makes a new identity in `directory`, which is made too where it is missing.
 * Keys are Ed25519 unless asked otherwise; the common name is "127.0.0.1".
 * Overwrites nothing: where a file of an identity exists, `exists` is thrown.
 * A power cut leaves no identity or a whole one.
 *
 * @throws {IdentityError} `exists`, `io`
 * @throws {RangeError} for a name that a certificate cannot hold
 */
export async function createIdentity(
  directory: string,
  options: CreateOptions = {},
): Promise<Identity> {
  await finishInterrupted(directory);
  const present = await presentFiles(directory);
  if (present.length > 0) {
    throw new IdentityError(
      "exists",
      `There is an identity in ${directory} (${present.join(", ")}). ` +
        "Nothing was changed: another identity would be another address, and " +
        "users of this one would lose their queues. Choose another directory " +
        "to make a second relay.",
    );
  }
  const algorithm = options.algorithm ?? "ed25519";
  const caKey = generateKey(algorithm);
  const ca = makeCaCertificate(caKey, options.organization);
  const online = makeOnline({
    ca,
    caKey,
    algorithm,
    commonName: options.commonName ?? COMMON_NAME,
  });
  const fingerprint = fingerprintText(certificateFingerprint(ca));
  await system("write", directory, async () => {
    await makeDirectory(directory);
    await replaceFiles(directory, [
      { ...FILES.caCertificate, content: certificatePem(ca) },
      { ...FILES.caKey, content: privateKeyPem(caKey) },
      ...online,
      { ...FILES.fingerprint, content: `${fingerprint}\n` },
    ]);
  });
  return await readIdentity(identityPaths(directory));
}

/**
 * Loads the identity from a directory, or from files that lie elsewhere.
 * Nothing is written, except to finish what a power cut interrupted. `ca.key`
 * may be absent. A missing `fingerprint` is no error: it follows from `ca.crt`.
 *
 * @throws {IdentityError} `missing`, `invalid`, `mismatch`, `io`
 */
export async function loadIdentity(
  source: string | IdentityPaths,
): Promise<Identity> {
  if (typeof source !== "string") return await readIdentity(source);
  await finishInterrupted(source);
  if ((await presentFiles(source)).length === 0) {
    throw new IdentityError(
      "missing",
      `There is no identity in ${source}. Make one with "porchlight init", ` +
        "or restore a backup to keep the address of a relay you had.",
    );
  }
  return await readIdentity(identityPaths(source));
}

/**
 * Loads the identity; makes one where there is none at all. Where the online
 * certificate or its key is missing and `ca.key` is there, renews it; where
 * `fingerprint` is missing, writes it. Never replaces an identity.
 *
 * @throws {IdentityError} as {@link loadIdentity}
 * @throws {RangeError} for a name that a certificate cannot hold
 */
export async function loadOrCreateIdentity(
  directory: string,
  options: CreateOptions = {},
): Promise<Identity> {
  await finishInterrupted(directory);
  const present = await presentFiles(directory);
  if (present.length === 0) return await createIdentity(directory, options);
  const lost = [FILES.certificate.name, FILES.key.name]
    .some((name) => !present.includes(name));
  const renewable = present.includes(FILES.caCertificate.name) &&
    present.includes(FILES.caKey.name);
  const identity = lost && renewable
    ? await renewOnlineCertificate(directory, options)
    : await readIdentity(identityPaths(directory));
  if (!present.includes(FILES.fingerprint.name)) {
    await system("write", directory, () =>
      replaceFiles(directory, [{
        ...FILES.fingerprint,
        content: `${identity.fingerprintText}\n`,
      }]));
  }
  return identity;
}

/**
 * Makes a new key and online certificate, signed by `ca.key`, in place of the
 * old ones: same fingerprint, same address. Type of key and common name stay
 * as they were unless given.
 *
 * @throws {IdentityError} `missing` (`ca.crt` or `ca.key`), `invalid`,
 * `mismatch`, `io`
 * @throws {RangeError} for a name that a certificate cannot hold
 */
export async function renewOnlineCertificate(
  directory: string,
  options: CertificateOptions = {},
): Promise<Identity> {
  await finishInterrupted(directory);
  const paths = identityPaths(directory);
  const [ca] = await readCa(paths);
  const caKey = await readCaKey(paths, ca);
  const old = await readOldCertificate(paths.certificate);
  const oldAlgorithm = old && readPublicKey(old.publicKey)?.algorithm;
  const caAlgorithm = caKey.asymmetricKeyType;
  const online = makeOnline({
    ca,
    caKey,
    algorithm: options.algorithm ??
      [oldAlgorithm, caAlgorithm].find(isSignAlgorithm) ?? "ed25519",
    commonName: options.commonName ?? old?.commonName ?? COMMON_NAME,
  });
  await system("write", directory, () => replaceFiles(directory, online));
  return await readIdentity(paths);
}

function makeOnline(options: {
  ca: Uint8Array;
  caKey: KeyObject;
  algorithm: SignAlgorithm;
  commonName: string;
}): NewFile[] {
  const key = generateKey(options.algorithm);
  const certificate = makeOnlineCertificate(key, options);
  return [
    { ...FILES.certificate, content: certificatePem(certificate) },
    { ...FILES.key, content: privateKeyPem(key) },
  ];
}

/** The certificate that is about to be replaced, if it can still be read. */
async function readOldCertificate(path: string) {
  if (!await exists(path)) return undefined;
  try {
    const [der] = parseCertificates(await Deno.readTextFile(path), path);
    return readCertificate(der);
  } catch (error) {
    // A damaged certificate is a reason to renew it, not a hindrance.
    if (error instanceof IdentityError) return undefined;
    throw ioError("read", path, error);
  }
}

/**
 * Finishes what a power cut interrupted. Files that do not belong to those in
 * the directory (somebody restored a backup meanwhile) are dropped.
 */
async function finishInterrupted(directory: string): Promise<void> {
  const pending = await system(
    "read",
    directory,
    () => pendingFiles(directory),
  );
  if (pending === undefined) return;
  const fits = await fit(directory, pending);
  await system(
    "write",
    directory,
    () => fits ? moveIntoPlace(directory) : discardPending(directory),
  );
}

/**
 * Whether the directory will hold a whole identity, with the CA it has now if
 * it has one, once the files that wait in `pending` are in place.
 */
async function fit(directory: string, pending: string): Promise<boolean> {
  const placed = identityPaths(directory);
  const waiting = identityPaths(pending);
  const first = async (a: string, b: string) => await exists(a) ? a : b;
  try {
    await readIdentity({
      ca: await first(placed.ca, waiting.ca),
      fingerprint: await first(placed.fingerprint, waiting.fingerprint),
      certificate: await first(waiting.certificate, placed.certificate),
      key: await first(waiting.key, placed.key),
    });
    return true;
  } catch (error) {
    // What is missing or damaged is for the owner to put back first.
    if (error instanceof IdentityError && error.code === "mismatch") {
      return false;
    }
    throw error;
  }
}

async function presentFiles(directory: string): Promise<string[]> {
  const present: string[] = [];
  for (const path of Object.values(identityPaths(directory))) {
    if (await exists(path)) present.push(basename(path));
  }
  return present;
}

/** A directory that exists keeps its mode: the owner may share it with more. */
async function makeDirectory(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
}

async function system<T>(
  verb: "read" | "write",
  directory: string,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw ioError(verb, directory, cause);
  }
}
