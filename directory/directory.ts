/**
 * The directory of a core: builds its parts, starts and stops them in order.
 *
 * ```text
 * database ── registry ─┬─ probes of relays
 *                       ├─ pulls from other directories
 *                       └─ API ── HTTP/1.1 on the core's port
 * ```
 *
 * @module
 */

import type { Http1Request, Http1Response } from "../relay/http1/mod.ts";
import type { Identity } from "../relay/identity/mod.ts";
import { fingerprintText } from "../relay/identity/mod.ts";
import { bytesKey } from "../relay/wire/mod.ts";
import type { CoreAddress } from "../tunnel/core_address.ts";
import {
  DirectoryApi,
  historyOf,
  type LimitName,
  type LimitRule,
  type RelayHistory,
} from "./api/mod.ts";
import { addressText, type Role } from "./descriptor/mod.ts";
import { type PeerStatus, Puller } from "./federation/mod.ts";
import { ProbeScheduler, type ProbeSchedulerOptions } from "./probe/mod.ts";
import { WorkNonces } from "./protocol/mod.ts";
import {
  type LifecycleRules,
  Registry,
  type Standing,
  STANDINGS,
} from "./registry/mod.ts";
import type { Flag } from "./score.ts";

/** What a directory is made of. */
export interface DirectoryOptions {
  /** Of the core; what was measured is signed with it. */
  readonly identity: Identity;
  /** The database; made where there is none. */
  readonly path: string;
  readonly software: string;
  /** How to reach the operator. */
  readonly contact?: string;
  /** Relays that are kept at most. */
  readonly maxRelays: number;
  /** Zero bits of the proof of work. */
  readonly workBits: number;
  /** Time between two heartbeats of a relay, seconds. */
  readonly heartbeatSeconds: number;
  /** Time between two probes of a relay on average, ms. */
  readonly probeIntervalMs: number;
  /** Probes at a time. */
  readonly probesAtOnce: number;
  readonly probationDays: number;
  /** Directories to learn from. */
  readonly peers: readonly CoreAddress[];
  /** Time between two pulls from each, ms. */
  readonly pullIntervalMs: number;
  /** Told of faults; must not throw. */
  readonly onError: (message: string, error: unknown) => void;
  /** Probe private addresses as well: for tests. */
  readonly allowLocal?: boolean;
  /** For tests and benchmarks. */
  readonly testing?: {
    readonly rules?: Partial<LifecycleRules>;
    readonly limits?: Partial<Readonly<Record<LimitName, LimitRule>>>;
    readonly probes?: Partial<ProbeSchedulerOptions>;
    readonly now?: () => number;
  };
}

/** A relay in a list for people. */
export interface RelayOverview {
  readonly fingerprint: string;
  readonly standing: Standing;
  readonly score: number;
  readonly flags: readonly Flag[];
  readonly roles: readonly Role[];
  readonly addresses: readonly string[];
  readonly software: string;
  readonly region?: string;
  readonly family?: string;
  /** Typical time to connect and greet in the last 7 days, ms; 0: unknown. */
  readonly milliseconds: number;
}

/** Time for each wait of a probe, ms. */
const PROBE_TIMEOUT_MS = 10_000;

/** A directory. */
export class Directory implements AsyncDisposable {
  readonly registry: Registry;
  readonly api: DirectoryApi;
  readonly probes: ProbeScheduler;
  readonly #puller: Puller;
  readonly #options: DirectoryOptions;

  /** @throws {Error} of SQLite when the database cannot be used */
  constructor(options: DirectoryOptions) {
    const { testing = {}, onError } = options;
    this.#options = options;
    this.registry = new Registry({
      path: options.path,
      maxRelays: options.maxRelays,
      rules: { probationDays: options.probationDays, ...testing.rules },
      onError: (error) => onError("Writing the directory failed", error),
      now: testing.now,
    });
    this.probes = new ProbeScheduler({
      registry: this.registry,
      atOnce: options.probesAtOnce,
      intervalMs: options.probeIntervalMs,
      timeoutMs: PROBE_TIMEOUT_MS,
      allowLocal: options.allowLocal,
      onError: (error) => onError("Probing a relay failed", error),
      ...testing.probes,
    });
    this.#puller = new Puller({
      registry: this.registry,
      peers: options.peers,
      maxHeard: Math.floor(options.maxRelays / 2),
      intervalMs: options.pullIntervalMs,
      onError: (error) => onError("Asking another directory failed", error),
    });
    this.api = new DirectoryApi({
      ...options,
      registry: this.registry,
      probes: this.probes,
      nonces: new WorkNonces(),
      limits: testing.limits,
    });
  }

  /** Begins to probe and to pull. */
  start(): void {
    this.registry.start();
    this.probes.start();
    this.#puller.start();
  }

  /**
   * Answers requests that come from the IP address `source`; what is not for
   * the API it leaves to others.
   */
  handlerFor(
    source: string,
  ): (request: Http1Request) => Promise<Http1Response> | undefined {
    return (request) =>
      this.api.isFor(request.target)
        ? this.api.handle(request, source)
        : undefined;
  }

  /** All relays that are listed, for pages and for the operator. */
  list(): RelayOverview[] {
    const { registry } = this;
    return [...registry.all()]
      .filter((record) => record.isPublic(registry.now))
      .map((record) => {
        const { descriptor } = record.signed;
        const { score, flags, windows } = registry.verdict(record);
        const { roles, software, region, family } = descriptor;
        return {
          fingerprint: fingerprintText(record.fingerprint),
          standing: record.standing,
          score,
          flags,
          roles,
          addresses: descriptor.addresses.map((each) =>
            addressText(record.fingerprint, each)
          ),
          software,
          region,
          family,
          milliseconds: windows[0].milliseconds,
        };
      });
  }

  /** The page of one relay; `undefined` when it is not known. */
  relay(fingerprint: Uint8Array): RelayHistory | undefined {
    const record = this.registry.find(bytesKey(fingerprint));
    return record && historyOf(this.registry, record);
  }

  /** How the directories are that it learns from. */
  peers(): PeerStatus[] {
    return this.#puller.status();
  }

  /** Shuts a relay out for good, or lets it in again. */
  ban(fingerprint: Uint8Array, banned: boolean): void {
    this.registry.ban(bytesKey(fingerprint), banned);
  }

  /** Numbers, by name. */
  counts(): Record<string, number> {
    const standings = Object.fromEntries(
      STANDINGS.map((each) => [`directory_${each}`, 0]),
    );
    for (const { standing } of this.registry.all()) {
      standings[`directory_${standing}`]++;
    }
    const probes = this.probes.counts();
    const { served, refused } = this.api.counts;
    return {
      ...standings,
      directory_probes: probes.done,
      directory_probes_failed: probes.failed,
      directory_requests: served,
      directory_requests_refused: refused,
    };
  }

  /** Stops everything and writes what is new. */
  async stop(): Promise<void> {
    await Promise.all([this.probes.stop(), this.#puller.stop()]);
    this.registry[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
