/**
 * The signed lists of a repository (The Update Framework, specification 1.0):
 * reading the newest of each, and signing the next.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { Metadata, MetadataKind, Signature } from "@tufjs/models";
import { writeFileAtomic } from "../relay/files.ts";
import { ReleaseError } from "./error.ts";
import type { SigningKey } from "./keys.ts";

/** The four roles. */
export const TUF_ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type TufRole = typeof TUF_ROLES[number];

/** How long a list is valid, in days. */
const VALID_DAYS: Readonly<Record<TufRole, number>> = {
  root: 1500,
  targets: 400,
  snapshot: 90,
  timestamp: 14,
};

const DAY_MS = 86_400_000;

/** Public keys and how many have to sign. */
export interface RootRole {
  readonly keyids: string[];
  readonly threshold: number;
}

/** A file in the list. */
export interface TargetEntry {
  readonly length: number;
  readonly hashes: { readonly sha256: string };
  readonly custom?: {
    readonly version: string;
    readonly target: string;
    readonly channels: Readonly<Record<string, number>>;
    readonly minVersion?: string;
    readonly notes?: string;
  };
}

interface Signed {
  readonly version: number;
  readonly expires: string;
}
export interface RootList extends Signed {
  readonly keys: Record<string, unknown>;
  readonly roles: Record<TufRole, RootRole>;
}
interface TargetsList extends Signed {
  readonly targets: Record<string, TargetEntry>;
}

/** What a list says beside its version and its end. */
interface Contents {
  root: Pick<RootList, "keys" | "roles">;
  targets: Pick<TargetsList, "targets">;
  snapshot: { readonly meta: Record<string, unknown> };
  timestamp: { readonly meta: Record<string, unknown> };
}

/** The newest root. @throws {ReleaseError} where there is none */
export async function readRoot(
  repository: string,
): Promise<RootList & { readonly text: string }> {
  const text = await readNewest(repository, "root");
  if (text === undefined) {
    throw new ReleaseError(`${repository} is no repository: there is no root.`);
  }
  // Made by this tool.
  return { ...JSON.parse(text).signed as RootList, text };
}

/** The files of the newest list; none where there is no list. */
export async function readTargets(
  repository: string,
): Promise<Record<string, TargetEntry>> {
  const text = await readNewest(repository, "targets");
  if (text === undefined) return {};
  const list: TargetsList = JSON.parse(text).signed;
  return list.targets;
}

/** Text of the newest list of a role. */
export async function readNewest(
  repository: string,
  role: TufRole,
): Promise<string | undefined> {
  const version = await newestVersion(repository, role);
  if (version === 0) return undefined;
  return await Deno.readTextFile(pathOf(repository, role, version));
}

/** How a list is signed. */
export interface SignOptions {
  readonly repository: string;
  readonly keys: readonly SigningKey[];
  /** The root that says who may sign; not for a root itself. */
  readonly root?: RootList;
  readonly now?: Date;
  /** How long it is valid, in days. */
  readonly days?: number;
}

/**
 * Signs the next list of a role and puts it into the repository.
 *
 * @throws {ReleaseError} where there are too few keys
 */
export async function signNext<R extends TufRole>(
  role: R,
  contents: Contents[R],
  { repository, keys, root, now = new Date(), days }: SignOptions,
): Promise<void> {
  const version = await newestVersion(repository, role) + 1;
  const end = now.getTime() + (days ?? VALID_DAYS[role]) * DAY_MS;
  const metadata = metadataOf(role, {
    signatures: [],
    signed: {
      _type: role,
      spec_version: "1.0.31",
      version,
      expires: `${new Date(end).toISOString().slice(0, 19)}Z`,
      ...(role === "root" ? { consistent_snapshot: true } : {}),
      // Plain JSON, by the types of `Contents`.
      ...JSON.parse(JSON.stringify(contents)),
    },
  });
  const { threshold, keyids } = root?.roles[role] ??
    { threshold: 1, keyids: keys.map(({ id }) => id) };
  const fitting = keys.filter(({ id }) => keyids.includes(id));
  if (fitting.length < threshold) {
    throw new ReleaseError(
      `${threshold} keys have to sign ${role}, and ${fitting.length} of them ` +
        "are here.",
    );
  }
  for (const key of fitting) {
    metadata.sign((data) =>
      new Signature({
        keyID: key.id,
        sig: new Uint8Array(key.sign(data)).toHex(),
      })
    );
  }
  const text = `${JSON.stringify(metadata.toJSON(), undefined, 1)}\n`;
  await Deno.mkdir(join(repository, "tuf"), { recursive: true });
  await writeFileAtomic(pathOf(repository, role, version), text);
}

function metadataOf(
  role: TufRole,
  data: Parameters<typeof Metadata.fromJSON>[1],
) {
  switch (role) {
    case "root":
      return Metadata.fromJSON(MetadataKind.Root, data);
    case "targets":
      return Metadata.fromJSON(MetadataKind.Targets, data);
    case "snapshot":
      return Metadata.fromJSON(MetadataKind.Snapshot, data);
    case "timestamp":
      return Metadata.fromJSON(MetadataKind.Timestamp, data);
  }
}

/** What a list says of the one below it. */
export async function metaOf(
  repository: string,
  role: TufRole,
): Promise<Record<string, unknown>> {
  const text = await readNewest(repository, role);
  if (text === undefined) throw new ReleaseError(`There is no ${role} yet.`);
  const bytes = new TextEncoder().encode(text);
  return {
    [`${role}.json`]: {
      version: await newestVersion(repository, role),
      length: bytes.length,
      hashes: { sha256: createHash("sha256").update(bytes).digest("hex") },
    },
  };
}

/** 0 where there is none. */
async function newestVersion(
  repository: string,
  role: TufRole,
): Promise<number> {
  if (role === "timestamp") {
    try {
      const path = pathOf(repository, role, 0);
      return JSON.parse(await Deno.readTextFile(path)).signed.version;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return 0;
      throw error;
    }
  }
  let newest = 0;
  try {
    for await (const { name } of Deno.readDir(join(repository, "tuf"))) {
      const match = /^(\d+)\.(\w+)\.json$/.exec(name);
      if (match?.[2] === role) newest = Math.max(newest, Number(match[1]));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return newest;
}

function pathOf(repository: string, role: TufRole, version: number): string {
  const name = role === "timestamp"
    ? `${role}.json`
    : `${version}.${role}.json`;
  return join(repository, "tuf", name);
}
