/**
 * Relays from several directories, none of which is trusted: each relay speaks
 * for itself, and is tried out from here.
 *
 * @module
 */

import { testSmp, testXftp } from "../../probe/mod.ts";
import { fingerprintText } from "../../relay/identity/mod.ts";
import { bytesKey } from "../../relay/wire/mod.ts";
import type { CoreAddress } from "../../tunnel/core_address.ts";
import { DirectoryClient, DirectoryError } from "../client/mod.ts";
import {
  addressText,
  type DescriptorAddress,
  type Role,
  type SignedDescriptor,
} from "../descriptor/mod.ts";
import { MAX_COUNT } from "../query.ts";

/** What is looked for, and how. */
export interface FindOptions {
  readonly directories: readonly CoreAddress[];
  readonly role: Role;
  readonly region?: string;
  readonly minScore?: number;
  readonly signal: AbortSignal;
  /** Time for each wait, ms. */
  readonly timeoutMs?: number;
}

/** A relay that was found. */
export interface FoundRelay {
  readonly fingerprint: Uint8Array;
  readonly fingerprintText: string;
  /** For the app, one for each of its protocols that were asked for. */
  readonly address: string;
  readonly signed: SignedDescriptor;
  /** 0 to 100: the lower middle one of what directories say. */
  readonly score: number;
  /** How many directories named it. */
  readonly named: number;
  /** IP address that answered, and time to connect and greet from here. */
  readonly host?: string;
  readonly milliseconds?: number;
}

/** A directory that did not help. */
export interface SilentDirectory {
  readonly address: CoreAddress;
  readonly reason: string;
}

/** What came of it. */
export interface Found {
  readonly relays: readonly FoundRelay[];
  readonly silent: readonly SilentDirectory[];
}

/** What directories have named, before it is tried out. */
interface Named {
  readonly signed: SignedDescriptor;
  readonly scores: number[];
}

const TIMEOUT_MS = 6_000;
/** Relays that are tried out at a time, and at most. */
const AT_ONCE = 6;
const MAX_TRIED = 40;

/**
 * Asks all directories, checks what relays say, and tries each of them out.
 *
 * @throws the reason of the signal
 */
export async function findRelays(options: FindOptions): Promise<Found> {
  const { directories, signal } = options;
  const silent: SilentDirectory[] = [];
  const answers = await Promise.all(directories.map(async (address) => {
    try {
      return await ask(address, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DirectoryError)) throw error;
      silent.push({ address, reason: error.message });
      return [];
    }
  }));
  const all = new Map<string, Named>();
  for (const { signed, score } of answers.flat()) {
    const key = bytesKey(signed.descriptor.fingerprint);
    const known = all.get(key);
    const newer = known === undefined ||
      signed.descriptor.sequence > known.signed.descriptor.sequence;
    all.set(key, {
      signed: newer ? signed : known.signed,
      scores: [...known?.scores ?? [], score],
    });
  }
  const named = [...all.values()].filter((each) => isWanted(each, options))
    .slice(0, MAX_TRIED);
  return { relays: await tryAll(named, options), silent };
}

/** What one directory names, with its score for each. */
async function ask(
  address: CoreAddress,
  { role, region, minScore, signal, timeoutMs = TIMEOUT_MS }: FindOptions,
): Promise<{ signed: SignedDescriptor; score: number }[]> {
  await using client = new DirectoryClient(address, { signal, timeoutMs });
  const relays = await client.relays({
    role,
    region,
    minScore,
    count: MAX_COUNT,
  });
  const scored: { signed: SignedDescriptor; score: number }[] = [];
  for (const signed of relays.slice(0, MAX_COUNT)) {
    const { score } = await client.history(signed.descriptor.fingerprint);
    scored.push({ signed, score: Math.min(100, Math.max(0, score)) });
  }
  return scored;
}

/** What the relay itself says counts, whatever the directory was asked. */
function isWanted(
  { signed: { descriptor }, scores }: Named,
  { role, region, minScore = 0 }: FindOptions,
): boolean {
  return descriptor.roles.includes(role) && descriptor.open &&
    !descriptor.full && descriptor.leavesAt === undefined &&
    placeFor(role, descriptor.addresses) !== undefined &&
    (region === undefined ||
      descriptor.region?.toLowerCase() === region.toLowerCase()) &&
    lowerMiddle(scores) >= minScore;
}

async function tryAll(
  named: readonly Named[],
  options: FindOptions,
): Promise<FoundRelay[]> {
  const found: FoundRelay[] = [];
  const left = [...named];
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      found.push(await tryOut(next, options));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

async function tryOut(
  { signed, scores }: Named,
  { role, signal, timeoutMs = TIMEOUT_MS }: FindOptions,
): Promise<FoundRelay> {
  const { fingerprint, addresses } = signed.descriptor;
  const place = placeFor(role, addresses);
  if (place === undefined) throw new TypeError("Looked at before");
  const test = place.scheme === "smp" ? testSmp : testXftp;
  const { ok, host, steps } = await test({
    scheme: place.scheme,
    fingerprint,
    hosts: [...place.hosts],
    port: String(place.port),
  }, { signal, timeoutMs, full: false });
  const time = (name: string) =>
    steps.find((step) => step.name === name && step.state === "ok")
      ?.milliseconds ?? 0;
  return {
    fingerprint,
    fingerprintText: fingerprintText(fingerprint),
    address: addressText(fingerprint, place),
    signed,
    score: lowerMiddle(scores),
    named: scores.length,
    host,
    milliseconds: ok
      ? Math.max(1, time("connect") + time("handshake"))
      : undefined,
  };
}

function placeFor(
  role: Role,
  addresses: readonly DescriptorAddress[],
): DescriptorAddress | undefined {
  const scheme = role === "xftp" ? "xftp" : "smp";
  return addresses.find((each) => each.scheme === scheme);
}

/** A directory that praises its friends is one of several. */
function lowerMiddle(scores: readonly number[]): number {
  return scores.toSorted((a, b) => a - b)[(scores.length - 1) >> 1] ?? 0;
}
