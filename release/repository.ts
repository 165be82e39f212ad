/**
 * What is done to a repository: a folder of plain files for a web server.
 *
 * @module
 */

import { basename, join } from "node:path";
import { type Channel, CHANNELS, isVersion } from "../update/mod.ts";
import { writeFileAtomic } from "../relay/files.ts";
import { writeChannels, writeSums } from "./sums.ts";
import { sha256Of } from "./digest.ts";
import { ReleaseError } from "./error.ts";
import {
  hasPassphrase,
  KEY_ROLES,
  type KeyRole,
  makeKey,
  namesIn,
  type Passphrases,
  readKeys,
  type SigningKey,
} from "./keys.ts";
import {
  metaOf,
  readRoot,
  readTargets,
  type RootList,
  signNext,
  type TargetEntry,
  TUF_ROLES,
  type TufRole,
} from "./metadata.ts";

/** Where repository and keys are. */
export interface Place {
  /** The folder that the web server serves. */
  readonly repository: string;
  /** Keys of targets, snapshot, timestamp and install. */
  readonly keys: string;
  /** Keys of root: on a stick that is mostly somewhere else. */
  readonly rootKeys: string;
  readonly passphrases: Passphrases;
  /** Work to try a passphrase of new keys; see {@link makeKey}. */
  readonly cost?: number;
  readonly now?: Date;
}

/**
 * Makes all keys and an empty repository.
 *
 * @throws {ReleaseError} where there is one already
 */
export async function createRepository(
  place: Place,
  { rootKeys = 3, rootThreshold = 2 }: {
    rootKeys?: number;
    rootThreshold?: number;
  } = {},
): Promise<void> {
  const there = await readRoot(place.repository).catch(() => undefined);
  if (there !== undefined) {
    throw new ReleaseError(`${place.repository} is a repository already.`);
  }
  if (rootThreshold < 1 || rootThreshold > rootKeys) {
    throw new ReleaseError(
      "The threshold must be from 1 to the number of keys.",
    );
  }
  const made: SigningKey[] = [];
  for (const role of KEY_ROLES) {
    const count = role === "root" ? rootKeys : 1;
    for (let each = 0; each < count; each++) {
      made.push(await newKey(role, place));
    }
  }
  const keysOf = (role: TufRole) => made.filter((key) => key.role === role);
  const roles = Object.fromEntries(TUF_ROLES.map((role) => [role, {
    keyids: keysOf(role).map(({ id }) => id),
    threshold: role === "root" ? rootThreshold : 1,
  }]));
  const keys = Object.fromEntries(
    TUF_ROLES.flatMap(keysOf).map((key) => [key.id, publicPart(key)]),
  );
  // All four roles, by the line above.
  const contents = { keys, roles: roles as RootList["roles"] };
  const { repository, now } = place;
  await signNext("root", contents, { repository, now, keys: keysOf("root") });
  await publish(place, {});
  await writeInstallKey(place);
}

/** What is released. */
export interface NewRelease {
  readonly version: string;
  readonly channel: Channel;
  /** How many of a hundred relays take it at first. */
  readonly percent: number;
  /** `porchlight-<target>`, their SBOMs, packages, `install.sh`. */
  readonly files: readonly string[];
  readonly minVersion?: string;
  readonly notes?: string;
}

/**
 * Puts a version into the repository and into a channel.
 *
 * @throws {ReleaseError} where this version is there with other files
 */
export async function addRelease(
  place: Place,
  release: NewRelease,
): Promise<void> {
  const { version, channel, percent, files, minVersion, notes } = release;
  checkVersion(version);
  if (minVersion !== undefined) checkVersion(minVersion);
  checkPercent(percent);
  const { repository } = place;
  const targets = await readTargets(repository);
  const directory = join(repository, version);
  await Deno.mkdir(directory, { recursive: true });
  for (const file of files) {
    const name = basename(file);
    const path = name === "install.sh" ? name : `${version}/${name}`;
    const entry = await entryOf(file);
    const before = targets[path];
    if (
      before !== undefined && path !== "install.sh" &&
      before.hashes.sha256 !== entry.hashes.sha256
    ) {
      throw new ReleaseError(
        `${path} was released already, with other contents. Give it a new ` +
          "version.",
      );
    }
    await Deno.copyFile(file, join(repository, path));
    const target = /^porchlight-([a-z0-9_]+-[a-z]+)$/.exec(name)?.[1];
    targets[path] = target === undefined ? entry : {
      ...entry,
      custom: {
        version,
        target,
        channels: { ...before?.custom?.channels, [channel]: percent },
        ...(minVersion === undefined ? {} : { minVersion }),
        ...(notes === undefined ? {} : { notes }),
      },
    };
  }
  await writeFileAtomic(join(directory, "VERSION"), `${version}\n`);
  await writeSums(directory, await onlyKey("install", place));
  await publish(place, targets);
}

/**
 * Sets how many of a hundred relays take a version; 0 takes it back from the
 * channel for those who have not got it yet.
 *
 * @throws {ReleaseError} where there is no such version
 */
export async function setShare(
  place: Place,
  { version, channel, percent }: Pick<
    NewRelease,
    "version" | "channel" | "percent"
  >,
): Promise<void> {
  checkPercent(percent);
  const targets = await readTargets(place.repository);
  let found = false;
  for (const [path, { custom, ...entry }] of Object.entries(targets)) {
    if (custom?.version !== version) continue;
    found = true;
    const { [channel]: _before, ...others } = custom.channels;
    const channels = percent === 0 ? others : { ...others, [channel]: percent };
    targets[path] = { ...entry, custom: { ...custom, channels } };
  }
  if (!found) throw new ReleaseError(`There is no version ${version} here.`);
  await publish(place, targets);
}

/** Signs timestamp and snapshot again: by cron, once a day. */
export async function renew(place: Place): Promise<void> {
  await signAbove(place, await readRoot(place.repository));
}

/**
 * Replaces the keys of a role; the old ones count no more. For `install`, the
 * key in `install.sh` has to be replaced too.
 */
export async function rotateKeys(place: Place, role: KeyRole): Promise<void> {
  if (role === "install") {
    await retire(place, role);
    await newKey(role, place);
    await writeInstallKey(place);
    return;
  }
  const { repository, now } = place;
  const root = await readRoot(repository);
  const old = await readKeys("root", keyPlace("root", place));
  checkRootKeys(root, old);
  const { keyids, threshold } = root.roles[role];
  if (role !== "root") await retire(place, role);
  const fresh: SigningKey[] = [];
  for (const _ of keyids) fresh.push(await newKey(role, place));
  const kept = Object.entries(root.keys).filter(([id]) => !keyids.includes(id));
  const contents = {
    keys: Object.fromEntries([
      ...kept,
      ...fresh.map((key) => [key.id, publicPart(key)]),
    ]),
    roles: {
      ...root.roles,
      [role]: { keyids: fresh.map(({ id }) => id), threshold },
    },
  };
  const keys = role === "root" ? [...old, ...fresh] : old;
  await signNext("root", contents, { repository, now, keys });
  if (role === "root") {
    for (const { publicHex } of old) await retire(place, role, publicHex);
    return;
  }
  await publish(place, await readTargets(repository));
}

/** Signs the same root for another while. */
export async function renewRoot(place: Place): Promise<void> {
  const { repository, now } = place;
  const { keys: all, roles, ...root } = await readRoot(repository);
  const keys = await readKeys("root", keyPlace("root", place));
  checkRootKeys({ ...root, keys: all, roles }, keys);
  await signNext("root", { keys: all, roles }, { repository, now, keys });
}

/** Signs a list of files, all above it, and lets the channels show it. */
async function publish(
  place: Place,
  targets: Record<string, TargetEntry>,
): Promise<void> {
  const { repository, now } = place;
  const root = await readRoot(repository);
  const keys = await readKeys("targets", keyPlace("targets", place));
  await signNext("targets", { targets }, { repository, now, keys, root });
  await signAbove(place, root);
  await writeChannels(repository, targets);
}

async function signAbove(place: Place, root: RootList): Promise<void> {
  const { repository, now } = place;
  for (
    const [role, below] of [
      ["snapshot", "targets"],
      ["timestamp", "snapshot"],
    ] as const
  ) {
    const keys = await readKeys(role, keyPlace(role, place));
    const meta = await metaOf(repository, below);
    await signNext(role, { meta }, { repository, now, keys, root });
  }
}

function checkRootKeys(root: RootList, keys: readonly SigningKey[]): void {
  const { keyids, threshold } = root.roles.root;
  const here = keys.filter(({ id }) => keyids.includes(id)).length;
  if (here >= threshold) return;
  throw new ReleaseError(
    `${threshold} root keys have to sign, and ${here} of them are here.`,
  );
}

function newKey(role: KeyRole, place: Place): Promise<SigningKey> {
  const passphrase = hasPassphrase(role) ? place.passphrases(role) : undefined;
  const { directory } = keyPlace(role, place);
  return makeKey(role, { directory, passphrase, cost: place.cost });
}

function keyPlace(
  role: KeyRole,
  { keys, rootKeys, passphrases }: Place,
): { directory: string; passphrases: Passphrases } {
  return { directory: role === "root" ? rootKeys : keys, passphrases };
}

async function onlyKey(role: KeyRole, place: Place): Promise<SigningKey> {
  const [key] = await readKeys(role, keyPlace(role, place));
  if (key === undefined) throw new ReleaseError(`There is no key for ${role}.`);
  return key;
}

/** Old key files stay, under a name that is not looked for. */
async function retire(
  place: Place,
  role: KeyRole,
  publicHex?: string,
): Promise<void> {
  const { directory } = keyPlace(role, place);
  for (const name of await namesIn(directory, role)) {
    if (!name.startsWith(`${role}-${publicHex?.slice(0, 8) ?? ""}`)) continue;
    await Deno.rename(
      join(directory, name),
      join(directory, `retired-${name}`),
    );
  }
}

/** The public key that `install.sh` carries. */
async function writeInstallKey(place: Place): Promise<void> {
  const { publicPem } = await onlyKey("install", place);
  await writeFileAtomic(join(place.keys, "install.pub.pem"), publicPem);
}

function publicPart({ publicHex }: SigningKey) {
  return {
    keytype: "ed25519",
    scheme: "ed25519",
    keyval: { public: publicHex },
  };
}

async function entryOf(path: string): Promise<TargetEntry> {
  const { size } = await Deno.stat(path);
  return { length: size, hashes: { sha256: await sha256Of(path) } };
}

function checkVersion(version: string): void {
  if (isVersion(version)) return;
  throw new ReleaseError(`"${version}" is no version; one is 1.2.3`);
}

function checkPercent(percent: number): void {
  if (Number.isInteger(percent) && percent >= 0 && percent <= 100) return;
  throw new ReleaseError("A share of relays is a whole number from 0 to 100.");
}

/** Whether it is the name of a channel. */
export function isChannel(name: string): name is Channel {
  return CHANNELS.some((channel) => channel === name);
}
