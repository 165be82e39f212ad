/**
 * What apps are told: few relays, shuffled, of different people and places.
 *
 * Nobody shall fill the answers with relays of their own. So those that are
 * not established get a small share, and one operator, one network and one
 * region get as little as can be.
 *
 * @module
 */

import { toHex } from "../relay/wire/mod.ts";
import type { Role } from "./descriptor/mod.ts";
import { networkOf } from "./network.ts";
import type { Registry, RelayRecord } from "./registry/mod.ts";
import { isRunning } from "./score.ts";

/** What is asked for. */
export interface Query {
  readonly role?: Role;
  readonly region?: string;
  /** 0 to 100. */
  readonly minScore?: number;
  readonly count: number;
}

/** Most relays of an answer. */
export const MAX_COUNT = 20;
/** Relays of an answer unless another number is asked for. */
export const DEFAULT_COUNT = 8;
/** Share of an answer that relays on probation get, where others are there. */
export const PROBATION_SHARE = 0.2;

/** How long a list of candidates is used, ms for each relay. */
const FRESH_MS = 0.2;
/** Of one operator or network, when there are not enough others. */
const RELAXED = 2;

interface Candidate {
  readonly record: RelayRecord;
  readonly score: number;
  readonly family: string | undefined;
  readonly network: string | undefined;
  readonly region: string | undefined;
}

interface Candidates {
  readonly version: number;
  readonly at: number;
  readonly established: readonly Candidate[];
  readonly probation: readonly Candidate[];
}

/** Answers queries. */
export class Queries {
  readonly #registry: Registry;
  #candidates: Candidates | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Relays for this query, in random order. */
  answer(query: Query): RelayRecord[] {
    const { established, probation } = this.#current();
    const count = Math.min(query.count, MAX_COUNT);
    const chosen = new Choice(count);
    // A directory where nobody is established yet has no others to give.
    const forNew = established.length === 0
      ? count
      : Math.floor(count * PROBATION_SHARE + Math.random());
    chosen.take(pick(probation, query), forNew);
    chosen.take(pick(established, query), count);
    return shuffled(chosen.records());
  }

  #current(): Candidates {
    const now = performance.now();
    const { version } = this.#registry;
    const known = this.#candidates;
    if (
      known !== undefined &&
      (known.version === version ||
        now - known.at < FRESH_MS * this.#registry.size)
    ) return known;
    return this.#candidates = this.#collect(version, now);
  }

  #collect(version: number, at: number): Candidates {
    const established: Candidate[] = [];
    const probation: Candidate[] = [];
    const { now } = this.#registry;
    for (const record of this.#registry.all()) {
      const { descriptor } = record.signed;
      const listed = record.isPublic(now) && descriptor.open &&
        !descriptor.full && !record.full && record.leavesAt === 0 &&
        isRunning(record, now);
      if (!listed) continue;
      const group = record.standing === "established" ? established : probation;
      group.push({
        record,
        score: this.#registry.verdict(record).score,
        family: descriptor.family?.toLowerCase(),
        network: networkName(record),
        region: descriptor.region?.toLowerCase(),
      });
    }
    return { version, at, established, probation };
  }
}

/** Chooses from candidates so that they differ. */
class Choice {
  readonly #count: number;
  readonly #chosen: Candidate[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  records(): RelayRecord[] {
    return this.#chosen.map(({ record }) => record);
  }

  /** Takes up to `max` more of the candidates, which come in random order. */
  take(candidates: Iterable<Candidate>, max: number): void {
    const left: Candidate[] = [];
    let room = Math.min(max, this.#count - this.#chosen.length);
    for (const each of candidates) {
      if (room <= 0) return;
      if (this.#fits(each, 1, Math.ceil(this.#count / 2))) {
        this.#chosen.push(each);
        room--;
      } else if (left.length < 10 * MAX_COUNT) left.push(each);
    }
    for (const each of left) {
      if (room <= 0) return;
      if (!this.#fits(each, RELAXED, this.#count)) continue;
      this.#chosen.push(each);
      room--;
    }
  }

  #fits(candidate: Candidate, alike: number, sameRegion: number): boolean {
    const same = (part: "family" | "network" | "region") =>
      candidate[part] === undefined
        ? 0
        : this.#chosen.filter((each) => each[part] === candidate[part]).length;
    return same("family") < alike && same("network") < alike &&
      same("region") < sameRegion;
  }
}

/** Candidates that fit the query, each once, in random order. */
function* pick(
  all: readonly Candidate[],
  { role, region, minScore = 0 }: Query,
): Generator<Candidate> {
  const wanted = region?.toLowerCase();
  // Fisher-Yates, as far as somebody asks; only what was moved is kept.
  const moved = new Map<number, number>();
  for (let at = 0; at < all.length; at++) {
    const other = at + Math.floor(Math.random() * (all.length - at));
    const index = moved.get(other) ?? other;
    moved.set(other, moved.get(at) ?? at);
    const candidate = all[index];
    const { roles } = candidate.record.signed.descriptor;
    if (
      (role === undefined || roles.includes(role)) &&
      (wanted === undefined || candidate.region === wanted) &&
      candidate.score >= minScore
    ) yield candidate;
  }
}

/** Where the last probe found it; else the first address that it names. */
function networkName(record: RelayRecord): string | undefined {
  const { addresses } = record.signed.descriptor;
  const places = [record.host, ...addresses.flatMap(({ hosts }) => hosts)];
  for (const place of places) {
    const network = place === undefined ? undefined : networkOf(place);
    if (network !== undefined) return toHex(network);
  }
  return undefined;
}

function shuffled<T>(items: T[]): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [items[at], items[other]] = [items[other], items[at]];
  }
  return items;
}
