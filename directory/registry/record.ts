/**
 * What a directory knows of one relay.
 *
 * @module
 */

import { bytesKey } from "../../relay/wire/mod.ts";
import type { SignedDescriptor } from "../descriptor/mod.ts";
import type { HeartbeatNumbers, Measurement } from "../protocol/mod.ts";
import type { Verdict } from "../score.ts";
import { History } from "./history.ts";

/** Where a relay stands with the directory. */
export type Standing =
  /** No probe of it has worked yet. */
  | "new"
  /** It works, and has a small share of the answers. */
  | "probation"
  | "established"
  /** No probe has worked for days. */
  | "dead"
  /** It has said that it goes. */
  | "left"
  /** The directory's operator has shut it out. */
  | "banned";

/** All standings. */
export const STANDINGS: readonly Standing[] = [
  "new",
  "probation",
  "established",
  "dead",
  "left",
  "banned",
];

/** Why the last probe failed, in sentences. */
export interface Failure {
  readonly time: number;
  readonly text: string;
  readonly remedy?: string;
}

/** Another directory's measurement of a relay. */
export interface ForeignMeasurement {
  readonly bytes: Uint8Array;
  readonly measurement: Measurement;
}

/** Past instances that are remembered. */
const MAX_PAST = 8;
/** Time for which a relay counts as copied after the last sign of it, s. */
export const COPIED_SECONDS = 86_400;

/** What is known when a record is made. */
export interface RecordParts {
  readonly signed: SignedDescriptor;
  /** When it was first heard of: seconds since 1970, as all times here. */
  readonly since: number;
  /** It has asked to be listed here; else another directory has told of it. */
  readonly registered: boolean;
}

/** One relay. Fields are changed by the registry only. */
export class RelayRecord {
  readonly key: string;
  readonly fingerprint: Uint8Array;
  signed: SignedDescriptor;
  registered: boolean;
  since: number;
  standing: Standing = "new";
  standingSince: number;
  /** Of the last request. */
  requestSequence = 0;
  /** Of the last request, hex. */
  instance = "";
  pastInstances: readonly string[] = [];
  /** When two machines with this identity were seen last; 0: never. */
  copiedAt = 0;
  /** The last request; for relays that others told of, the last news. */
  heardAt: number;
  full = false;
  /** When it will leave; 0: not known. */
  leavesAt = 0;
  history = new History();
  failure: Failure | undefined;
  /** When a probe worked last; 0: never. */
  workedAt = 0;
  /** When probes began to fail; 0: the last one worked, or there is none. */
  failingSince = 0;
  /** IP address that answered the last probe. */
  host: string | undefined;
  /** Latest heartbeat, in memory only. */
  numbers: HeartbeatNumbers = {};
  /** Who has vouched for it: keys. */
  inviters: readonly string[] = [];
  /** By the directory that measured: key. */
  readonly measurements = new Map<string, ForeignMeasurement>();
  /** Grows with each change that other directories should learn of. */
  changed = 0;
  /** When it was written last. */
  savedAt = 0;
  /** When others were told of it last. */
  toldAt = 0;
  /** What the probes come to; made anew when they change. */
  verdict: Verdict | undefined;

  constructor({ signed, since, registered }: RecordParts) {
    this.fingerprint = signed.descriptor.fingerprint;
    this.key = bytesKey(this.fingerprint);
    this.signed = signed;
    this.since = since;
    this.standingSince = since;
    this.heardAt = since;
    this.registered = registered;
  }

  /** Whether two machines seem to have this identity. */
  isCopied(now: number): boolean {
    return this.copiedAt !== 0 && now - this.copiedAt < COPIED_SECONDS;
  }

  /** Whether it may be told to apps and to other directories. */
  isPublic(now: number): boolean {
    return (this.standing === "probation" || this.standing === "established") &&
      this.signed.descriptor.notAfter > now && !this.isCopied(now);
  }

  /** Notes which instance asks; an earlier one that is back is a copy. */
  seeInstance(instance: string, now: number): void {
    if (instance === this.instance) return;
    if (this.pastInstances.includes(instance)) this.copiedAt = now;
    if (this.instance !== "") {
      this.pastInstances = [
        this.instance,
        ...this.pastInstances.filter((each) =>
          each !== this.instance && each !== instance
        ),
      ].slice(0, MAX_PAST);
    }
    this.instance = instance;
  }
}
