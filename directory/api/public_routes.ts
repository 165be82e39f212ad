/**
 * What everybody may ask: parameters, relays, the history of one, and all
 * descriptors, for other directories.
 *
 * @module
 */

import {
  fingerprintText,
  type Identity,
  parseFingerprint,
} from "../../relay/identity/mod.ts";
import type { Http1Response } from "../../relay/http1/mod.ts";
import { bytesKey, keyBytes, toBase64Url } from "../../relay/wire/mod.ts";
import {
  addressText,
  BOUNDS,
  descriptorJson,
  ROLES,
} from "../descriptor/mod.ts";
import {
  signMeasurement,
  type WindowNumbers,
  WINDOWS,
  type WorkNonces,
} from "../protocol/mod.ts";
import { DEFAULT_COUNT, PROBATION_SHARE, Queries } from "../query.ts";
import type { Registry, RelayRecord } from "../registry/mod.ts";
import { issuesOf, THRESHOLDS } from "../score.ts";
import { json, problem } from "./answers.ts";
import type {
  ListedRelay,
  Params,
  RelayHistory,
  RelayList,
  SyncPage,
  Windows,
} from "./types.ts";

/** What the routes need. */
export interface PublicRoutesOptions {
  readonly identity: Pick<
    Identity,
    "fingerprint" | "fingerprintText" | "chain" | "sign"
  >;
  readonly registry: Registry;
  readonly nonces: WorkNonces;
  readonly workBits: number;
  readonly heartbeatSeconds: number;
  readonly software: string;
  readonly contact?: string;
}

/** Relays on a page for other directories, and bytes of their descriptors. */
const PAGE = 100;
const PAGE_BYTES = 400 * 1024;
const DAY = 86_400;

/** See the module. */
export class PublicRoutes {
  readonly #options: PublicRoutesOptions;
  readonly #queries: Queries;
  /** Of this run: after a restart, changes are counted anew. */
  readonly #epoch = crypto.randomUUID().slice(0, 8);
  /** Signed measurements, by what they are of. */
  readonly #measured = new WeakMap<
    RelayRecord,
    { readonly changed: number; readonly text: string }
  >();

  constructor(options: PublicRoutesOptions) {
    this.#options = options;
    this.#queries = new Queries(options.registry);
  }

  /** `GET /v1/params` */
  readonly params = (): Http1Response => {
    const { identity, registry, nonces, workBits, ...rest } = this.#options;
    const params: Params = {
      version: 1,
      directory: identity.fingerprintText,
      software: rest.software,
      contact: rest.contact,
      heartbeatSeconds: rest.heartbeatSeconds,
      work: { bits: workBits, nonce: toBase64Url(nonces.current) },
      rules: registry.rules,
      score: THRESHOLDS,
      probationShare: PROBATION_SHARE,
      relays: Math.ceil(registry.size / 8) * 8,
    };
    return json(params);
  };

  /** `GET /v1/relays` */
  readonly relays = (query: URLSearchParams): Http1Response => {
    const role = ROLES.find((each) => each === query.get("role"));
    const region = query.get("region") ?? undefined;
    const minScore = numberIn(query, "min_score", { max: 100 });
    const count = numberIn(query, "count", { max: 1000 });
    if (
      Number.isNaN(minScore) || Number.isNaN(count) || count === 0 ||
      (query.has("role") && role === undefined) ||
      (region !== undefined && region.length > BOUNDS.region)
    ) {
      return problem(
        "malformed",
        "The query has: role=smp|xftp|proxy, region, min_score=0…100, count=1…20.",
      );
    }
    const found = this.#queries.answer({
      role,
      region,
      minScore,
      count: count ?? DEFAULT_COUNT,
    });
    const list: RelayList = { relays: found.map(listed) };
    return json(list);
  };

  /** `GET /v1/relays/{fingerprint}/history` */
  readonly history = (
    _query: URLSearchParams,
    fingerprint: string,
  ): Http1Response => {
    const bytes = parseFingerprint(fingerprint);
    const record = bytes && this.#options.registry.find(bytesKey(bytes));
    if (record === undefined) {
      return problem("not found", "This directory does not know the relay.");
    }
    return json(historyOf(this.#options.registry, record), { maxAge: 60 });
  };

  /** `GET /v1/sync` */
  readonly sync = (query: URLSearchParams): Http1Response => {
    const { identity, registry } = this.#options;
    const after = this.#position(query.get("cursor") ?? "");
    const records = onePage(registry.changesAfter(after, PAGE));
    const last = records.at(-1)?.changed ?? after;
    const page: SyncPage = {
      directory: identity.fingerprintText,
      chain: identity.chain.map(toBase64Url),
      cursor: `${this.#epoch}.${last}`,
      more: records.length > 0 && last < registry.lastChange,
      relays: records.filter((record) => record.isPublic(registry.now))
        .map((record) => ({
          descriptor: toBase64Url(record.signed.bytes),
          measurement: this.#measurement(record),
        })),
    };
    return json(page);
  };

  #position(cursor: string): number {
    const [epoch, position] = cursor.split(".");
    return epoch === this.#epoch && /^\d{1,15}$/.test(position ?? "")
      ? Number(position)
      : 0;
  }

  /** Own probes only, whatever others have told. */
  #measurement(record: RelayRecord): string | undefined {
    const known = this.#measured.get(record);
    if (known?.changed === record.changed) return known.text;
    const { registry, identity } = this.#options;
    const { now } = registry;
    const windows = record.history.windows(Math.floor(now / DAY));
    if (windows[2].probes === 0) return undefined;
    const { fingerprint } = record;
    const text = toBase64Url(
      signMeasurement({ fingerprint, time: now, windows }, identity),
    );
    this.#measured.set(record, { changed: record.changed, text });
    return text;
  }
}

/** The page of one relay. */
export function historyOf(
  registry: Registry,
  record: RelayRecord,
): RelayHistory {
  const { now } = registry;
  const verdict = registry.verdict(record);
  return {
    fingerprint: fingerprintText(record.fingerprint),
    standing: record.standing,
    since: time(record.since),
    score: verdict.score,
    uptime: rounded(verdict.uptime),
    reliability: rounded(verdict.reliability),
    speed: rounded(verdict.speed),
    flags: verdict.flags,
    issues: issuesOf(record, now),
    windows: windowsOf(record.history.windows(Math.floor(now / DAY))),
    days: record.history.days(Math.floor(now / DAY)).map((
      { day, ...rest },
    ) => ({
      day: time(day * DAY).slice(0, 10),
      ...rest,
    })),
    recent: record.history.recent().map((each) => ({
      time: time(each.time),
      milliseconds: each.milliseconds,
    })),
    others: [...record.measurements].map(([directory, { measurement }]) => ({
      directory: fingerprintText(keyBytes(directory)),
      time: time(measurement.time),
      windows: windowsOf(measurement.windows),
    })),
    says: descriptorJson(record.signed.descriptor),
    descriptor: toBase64Url(record.signed.bytes),
  };
}

/** A relay as it stands in lists. */
export function listed({ signed, fingerprint }: RelayRecord): ListedRelay {
  const { addresses, roles, region, family } = signed.descriptor;
  return {
    fingerprint: fingerprintText(fingerprint),
    addresses: addresses.map((each) => addressText(fingerprint, each)),
    roles,
    region,
    family,
    descriptor: toBase64Url(signed.bytes),
  };
}

/** As many as fit on a page, so that nobody's long one stops the others. */
function onePage(records: readonly RelayRecord[]): readonly RelayRecord[] {
  let bytes = 0;
  const end = records.findIndex(({ signed }) => {
    bytes += signed.bytes.length;
    return bytes > PAGE_BYTES;
  });
  return end < 0 ? records : records.slice(0, Math.max(1, end));
}

function windowsOf(windows: readonly WindowNumbers[]): Windows[] {
  return windows.map((window, at) => ({ days: WINDOWS[at], ...window }));
}

/** NaN for what is not allowed. */
function numberIn(
  query: URLSearchParams,
  name: string,
  { max }: { max: number },
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  return value <= max ? value : NaN;
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function rounded(part: number): number {
  return Math.round(part * 1000) / 1000;
}
