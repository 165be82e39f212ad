/**
 * Bodies of the API's answers, as `docs/openapi.yaml` describes them.
 *
 * @module
 */

import type { DescriptorJson, Role } from "../descriptor/mod.ts";
import type { WindowNumbers } from "../protocol/mod.ts";
import type { LifecycleRules, Standing } from "../registry/mod.ts";
import type { Flag, Issue, THRESHOLDS } from "../score.ts";

/** `GET /v1/params`. */
export interface Params {
  readonly version: 1;
  /** The directory's fingerprint. */
  readonly directory: string;
  readonly software: string;
  readonly contact?: string;
  /** Time between two heartbeats, seconds. */
  readonly heartbeatSeconds: number;
  readonly work: {
    /** Zero bits that are asked for. */
    readonly bits: number;
    /** Base64url. */
    readonly nonce: string;
  };
  readonly rules: LifecycleRules;
  readonly score: typeof THRESHOLDS;
  /** Share of an answer that relays on probation get. */
  readonly probationShare: number;
  /** Relays that are listed, rounded up to a multiple of 8. */
  readonly relays: number;
}

/** What a relay is told when it registers, reports or takes leave. */
export interface Receipt {
  readonly standing: Standing;
  /** When to report next, seconds from now. */
  readonly nextSeconds: number;
  readonly score: number;
  readonly flags: readonly Flag[];
  readonly issues: readonly Issue[];
}

/** A relay in an answer to a query. */
export interface ListedRelay {
  readonly fingerprint: string;
  readonly addresses: readonly string[];
  readonly roles: readonly Role[];
  readonly region?: string;
  readonly family?: string;
  /** The signed descriptor, base64url. */
  readonly descriptor: string;
}

/** `GET /v1/relays`. */
export interface RelayList {
  readonly relays: readonly ListedRelay[];
}

/** Numbers of some days, of one directory. */
export interface Windows {
  readonly days: number;
  readonly probes: number;
  readonly failed: number;
  readonly milliseconds: number;
}

/** `GET /v1/relays/{fingerprint}/history`. */
export interface RelayHistory {
  readonly fingerprint: string;
  readonly standing: Standing;
  /** RFC 3339. */
  readonly since: string;
  readonly score: number;
  readonly uptime: number;
  readonly reliability: number;
  readonly speed: number;
  readonly flags: readonly Flag[];
  readonly issues: readonly Issue[];
  readonly windows: readonly Windows[];
  /** The latest first; `day`: YYYY-MM-DD. */
  readonly days: readonly (WindowNumbers & { readonly day: string })[];
  /** The latest first; 0 ms: it failed. */
  readonly recent: readonly {
    readonly time: string;
    readonly milliseconds: number;
  }[];
  /** What other directories have measured. */
  readonly others: readonly {
    readonly directory: string;
    readonly time: string;
    readonly windows: readonly Windows[];
  }[];
  readonly says: DescriptorJson;
  /** The signed descriptor, base64url. */
  readonly descriptor: string;
}

/** `GET /v1/sync`. */
export interface SyncPage {
  readonly directory: string;
  /** The directory's certificates, leaf first, base64url of DER. */
  readonly chain: readonly string[];
  /** Where to go on. */
  readonly cursor: string;
  /** There is more at once. */
  readonly more: boolean;
  readonly relays: readonly {
    readonly descriptor: string;
    readonly measurement?: string;
  }[];
}

/** An answer that is not 200. */
export interface Problem {
  readonly error: string;
  readonly message: string;
  readonly retryAfter?: number;
  readonly sequence?: number;
  readonly remedy?: string;
}
