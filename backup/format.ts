/**
 * What is in a backup.
 *
 * ```text
 * age( tar( porchlight-backup.json   what it is: {@link BackupHeader}
 *           data/relay.db            the database as of one moment
 *           data/…                   the other files of the data directory
 *           manifest.json ) )        names, sizes and hashes of all of them
 * ```
 *
 * @module
 */

import { BackupError } from "./error.ts";
import { MAX_NAME } from "./tar.ts";

/** Version of this layout. */
export const FORMAT = 1;

export const HEADER_NAME = "porchlight-backup.json";
export const MANIFEST_NAME = "manifest.json";
/** Before the names of the data directory's files. */
export const DATA_PREFIX = "data/";

/** Most bytes of the header and of the manifest. */
export const MAX_HEADER = 64 * 1024;
export const MAX_MANIFEST = 256 * 1024 * 1024;

/** First file of a backup. */
export interface BackupHeader {
  readonly format: number;
  /** Version of Porchlight that made it. */
  readonly version: string;
  /** Version of the database's layout. */
  readonly store: number;
  /** When: ISO 8601. */
  readonly created: string;
  /** Fingerprint of the relay, as addresses show it. */
  readonly fingerprint: string;
  /** Whether contents of files that wait for their recipients are in it. */
  readonly files: boolean;
}

/** A file in the manifest. */
export interface ManifestFile {
  readonly name: string;
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/**
 * Whether a file may have this name in a backup: relative, of plain letters,
 * and never upwards.
 */
export function isBackupName(name: string): boolean {
  return name.length <= MAX_NAME &&
    /^[\w.@+=-]+(?:\/[\w.@+=-]+)*$/.test(name) &&
    name.split("/").every((part) => part !== "." && part !== "..");
}

/** @throws {BackupError} for what is no header, or of a newer Porchlight */
export function parseHeader(text: string): BackupHeader {
  const value = objectIn(text);
  const { format, version, store, created, fingerprint, files } = value;
  if (typeof format === "number" && format > FORMAT) throw newer(version);
  const isGood = format === FORMAT && typeof version === "string" &&
    typeof store === "number" && typeof created === "string" &&
    typeof fingerprint === "string" && typeof files === "boolean";
  if (!isGood) throw new BackupError(DAMAGED);
  return { format, version, store, created, fingerprint, files };
}

/** A backup of a Porchlight that knows more than this one. */
export function newer(version: unknown): BackupError {
  const made = typeof version === "string" ? ` (${version.slice(0, 30)})` : "";
  return new BackupError(
    `The backup was made by a newer version of Porchlight${made}. Nothing was ` +
      "changed. Update Porchlight and try again.",
  );
}

/** @throws {BackupError} for what is no manifest */
export function parseManifest(text: string): ManifestFile[] {
  const { files } = objectIn(text);
  if (!Array.isArray(files)) throw new BackupError(DAMAGED);
  return files.map((file: unknown) => {
    const { name, size, sha256 }: Partial<Record<string, unknown>> = {
      ...typeof file === "object" ? file : undefined,
    };
    const isGood = typeof name === "string" && typeof size === "number" &&
      typeof sha256 === "string";
    if (!isGood) throw new BackupError(DAMAGED);
    return { name, size, sha256 };
  });
}

export const DAMAGED =
  "The backup is damaged: it is not what was written. Nothing was changed. Use another copy of it.";

function objectIn(text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw new BackupError(DAMAGED);
}
