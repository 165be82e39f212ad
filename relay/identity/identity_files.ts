/**
 * The identity's files, named and laid out as the reference's `init` does
 * (Simplex.Messaging.Server.CLI `defaultX509Config`), in a directory of mode
 * 0700.
 *
 * ```
 * ca.crt        0644  CA certificate; its SHA-256 is the fingerprint
 * ca.key        0600  may be moved off the machine
 * server.crt    0644  online certificate, signed by the CA
 * server.key    0600
 * fingerprint   0644  base64url of the fingerprint, and a newline
 * ```
 *
 * @module
 */

import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { readCertificate } from "./certificate.ts";
import { certificateFingerprint } from "./chain.ts";
import { IdentityError } from "./errors.ts";
import { fingerprintText, Identity, parseFingerprint } from "./identity.ts";
import { equalBytes, exportPublicKey } from "./keys.ts";
import { parseCertificates, parsePrivateKey } from "./pem.ts";

/** Names and modes of the files. */
export const FILES = {
  caCertificate: { name: "ca.crt", mode: 0o644 },
  caKey: { name: "ca.key", mode: 0o600 },
  certificate: { name: "server.crt", mode: 0o644 },
  key: { name: "server.key", mode: 0o600 },
  fingerprint: { name: "fingerprint", mode: 0o644 },
} as const;

/** Paths of the files. */
export interface IdentityPaths {
  /** Online certificate. */
  readonly certificate: string;
  /** Its private key. */
  readonly key: string;
  /** CA certificate, and what stands above it, if anything. */
  readonly ca: string;
  /** Private key of the CA; need not exist. */
  readonly caKey?: string;
  /** Checked against the CA certificate where it exists. */
  readonly fingerprint?: string;
}

/** Certificates are below 1 KB; this leaves room and bounds the rest. */
const FILE_SIZE_MAX = 65_536;

/** The files in `directory`. */
export function identityPaths(directory: string): Required<IdentityPaths> {
  return {
    certificate: join(directory, FILES.certificate.name),
    key: join(directory, FILES.key.name),
    ca: join(directory, FILES.caCertificate.name),
    caKey: join(directory, FILES.caKey.name),
    fingerprint: join(directory, FILES.fingerprint.name),
  };
}

/**
 * Reads the identity and checks that its files belong together.
 *
 * @throws {IdentityError}
 */
export async function readIdentity(paths: IdentityPaths): Promise<Identity> {
  const ca = await readCa(paths);
  const [leaf] = parseCertificates(
    await readText(paths.certificate, "online"),
    paths.certificate,
  );
  const key = parsePrivateKey(await readText(paths.key, "online"), paths.key);
  return new Identity({
    // Some owners put the whole chain into server.crt: only its first counts.
    chain: [leaf, ...ca],
    key,
    names: paths,
    hasCaKey: paths.caKey !== undefined && await exists(paths.caKey),
  });
}

/**
 * Reads the CA certificate (and those above it), checked against the
 * fingerprint file where there is one.
 *
 * @throws {IdentityError}
 */
export async function readCa(
  paths: Pick<IdentityPaths, "ca" | "fingerprint">,
): Promise<Uint8Array[]> {
  const ca = parseCertificates(await readText(paths.ca, "ca"), paths.ca);
  const { fingerprint: file } = paths;
  if (file === undefined || !await exists(file)) return ca;
  const stored = (await readText(file, "ca")).trim();
  const expected = parseFingerprint(stored);
  if (!expected) {
    throw new IdentityError(
      "invalid",
      `${file} is damaged: it should hold one line of 44 characters. ` +
        "Put it back from a backup, or compare the address your users have " +
        `with ${fingerprintText(certificateFingerprint(ca[0]))}, the ` +
        "fingerprint of the CA certificate, and write that into the file.",
    );
  }
  const actual = certificateFingerprint(ca[0]);
  if (!equalBytes(expected, actual)) {
    throw new IdentityError(
      "mismatch",
      `The identity changed: ${file} says ${stored}, but the fingerprint of ` +
        `${paths.ca} is ${fingerprintText(actual)}. The fingerprint is part ` +
        "of the relay's address: with another one, apps would refuse to " +
        "connect and their users would not find their queues. Put ca.crt, " +
        "server.crt and server.key back from the backup that belongs to " +
        "the fingerprint. The relay does not start with another identity.",
    );
  }
  return ca;
}

/**
 * Reads the CA key and checks that it is the key of the certificate `ca` (DER).
 *
 * @throws {IdentityError}
 */
export async function readCaKey(
  paths: Pick<Required<IdentityPaths>, "ca" | "caKey">,
  ca: Uint8Array,
): Promise<KeyObject> {
  const key = parsePrivateKey(
    await readText(paths.caKey, "caKey"),
    paths.caKey,
  );
  const certificate = readCertificate(ca);
  if (
    !certificate || !equalBytes(exportPublicKey(key), certificate.publicKey)
  ) {
    throw new IdentityError(
      "mismatch",
      `${paths.caKey} is not the key of the certificate in ${paths.ca}: it ` +
        "belongs to another relay. What it signs, apps would refuse. Put the " +
        "right key there.",
    );
  }
  return key;
}

/**
 * Whether there is a file at `path`.
 *
 * @throws {IdentityError} `io` where the system does not let us look
 */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw ioError("read", path, cause);
  }
}

/** An error of the system, told to the owner. */
export function ioError(
  verb: "read" | "write",
  path: string,
  cause: unknown,
): IdentityError {
  const denied = cause instanceof Deno.errors.PermissionDenied;
  const remedy = denied
    ? "The user the relay runs as has no right to it: check the owner and " +
      "the mode of the file and its directory."
    : "Check the disk and the path.";
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new IdentityError(
    "io",
    `Cannot ${verb} ${path}${reason}. ${remedy}`,
    { cause },
  );
}

const MISSING = {
  ca: "The CA certificate is the relay's identity and cannot be made anew: " +
    "another one would be another relay. Put it back from a backup.",
  online: "Put it back from a backup, or renew the online certificate: that " +
    "needs ca.key, and keeps the relay's address.",
  caKey: "Only this key can sign a new online certificate. Copy it back to " +
    "this place from where you keep it, for as long as the renewal takes.",
};

async function readText(
  path: string,
  kind: keyof typeof MISSING,
): Promise<string> {
  let content: string;
  try {
    const { size } = await Deno.stat(path);
    if (size > FILE_SIZE_MAX) {
      throw new IdentityError(
        "invalid",
        `${path} is too big to be a file of the relay's identity ` +
          `(${size} bytes). Put the file back from a backup.`,
      );
    }
    content = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new IdentityError(
        "missing",
        `There is no ${path}. ${MISSING[kind]}`,
        { cause },
      );
    }
    throw ioError("read", path, cause);
  }
  return content;
}
