/**
 * What the relay answers over its control socket, beside its status. Described
 * for users in `docs/api.md`.
 *
 * @module
 */

import type { ReachedAddress } from "../addresses.ts";
import type { ServerInformation } from "../information.ts";
import type { CounterValues, StoredCounts } from "../stats/mod.ts";
import type { FileCounterValues } from "../xftp/server/statistics.ts";
import type { PartState, PartStatus } from "./status.ts";

/** Answer to `GET /stats`. */
export interface StatisticsAnswer {
  /** When counting began, and the period that goes on: ISO 8601. */
  readonly since: string;
  readonly periodSince: string;
  /** Counters since counting began, and since the period did. */
  readonly total: CounterValues;
  readonly period: CounterValues;
  /** Different queues that were used, estimated. */
  readonly activeQueues: PeriodCounts;
  readonly activeQueuesNtf: PeriodCounts;
  readonly stored: StoredCounts;
  /** Seconds from delivery to acknowledgement. */
  readonly ackTimes: {
    readonly count: number;
    readonly sum: number;
    readonly max: number;
  };
  /** Where files are kept. */
  readonly files?: FileStatisticsAnswer;
}

/** Files in the answer to `GET /stats`; each is a piece of what was sent. */
export interface FileStatisticsAnswer {
  readonly since: string;
  readonly periodSince: string;
  readonly total: FileCounterValues;
  readonly period: FileCounterValues;
  /** Different files that were downloaded, estimated. */
  readonly downloaded: PeriodCounts;
  /** Sizes in bytes. */
  readonly stored: {
    readonly files: number;
    readonly uploaded: number;
    readonly bytesUsed: number;
    readonly bytesReserved: number;
    readonly quota: number;
  };
}

/** A number for each period. */
export interface PeriodCounts {
  readonly day: number;
  readonly week: number;
  readonly month: number;
}

/** One client in the answer to `GET /clients`. Nothing tells who it is. */
export interface ClientAnswer {
  /** Counts up from the start of the relay. */
  readonly number: number;
  /** Version of SMP. */
  readonly version: number;
  /** A service, known by its certificate. */
  readonly service: boolean;
  readonly ageSeconds: number;
  /** Since anything was sent or received. */
  readonly idleSeconds: number;
  /** Queues that it is subscribed to. */
  readonly subscriptions: number;
  /** Queues whose notifications it is subscribed to. */
  readonly notifications: number;
}

/** Why a queue is blocked, and for how long the client is told so. */
export interface BlockingAnswer {
  readonly reason: "spam" | "content";
  /** There where the client is told; without `ttlSeconds` for good. */
  readonly notice?: { readonly ttlSeconds?: number };
}

/** Answer to `POST /queue/status`. */
export interface QueueAnswer {
  readonly status: "active" | "off" | "blocked";
  readonly blocking?: BlockingAnswer;
  /** For messages, as a contact address, or neither (an old one). */
  readonly mode?: "messaging" | "contact";
  /** Day of the last use: `2026-11-20`. */
  readonly updated?: string;
}

/** Answer to `POST /queue/block`, `/queue/unblock`. */
export interface QueueChangeAnswer {
  /** False where it was so before, or the queue is switched off. */
  readonly changed: boolean;
  /** What the queue was before. */
  readonly before: QueueAnswer;
}

/** Answer to `POST /queue/delete`. */
export interface QueueDeletedAnswer {
  readonly deleted: true;
  /** Messages that were in it. */
  readonly messages: number;
}

/** What an owner may do with a queue, found by its sender ID or link ID. */
export interface QueueControl {
  /** Each is `undefined` where there is no such queue. */
  status(id: Uint8Array): QueueAnswer | undefined;
  /** Resolves when it is on disk. */
  block(
    id: Uint8Array,
    info: BlockingAnswer,
  ): Promise<QueueChangeAnswer | undefined>;
  unblock(id: Uint8Array): Promise<QueueChangeAnswer | undefined>;
  delete(id: Uint8Array): Promise<QueueDeletedAnswer | undefined>;
}

/** One piece of a file in the answer to `POST /file/status`. */
export interface FilePieceAnswer {
  /** Bytes. */
  readonly size: number;
  /** The hour in which it was made: ISO 8601. */
  readonly created: string;
  readonly uploaded: boolean;
  readonly status: "active" | "blocked";
  readonly blocking?: BlockingAnswer;
}

/** Answer to `POST /file/status`. */
export interface FileAnswer {
  readonly pieces: readonly FilePieceAnswer[];
  /** How many of the IDs are of no file here. */
  readonly missing: number;
}

/** Answer to `POST /file/block`, `/file/delete`. */
export interface FileChangeAnswer {
  /** Pieces that were blocked, or deleted. */
  readonly changed: number;
  readonly missing: number;
}

/** What an owner may do with files, found by their recipients' IDs. */
export interface FileControl {
  /** Each is `undefined` where none of the IDs is of a file here. */
  status(ids: readonly Uint8Array[]): FileAnswer | undefined;
  /** Resolves when it is on disk. */
  block(
    ids: readonly Uint8Array[],
    info: BlockingAnswer,
  ): Promise<FileChangeAnswer | undefined>;
  delete(ids: readonly Uint8Array[]): Promise<FileChangeAnswer | undefined>;
}

/** One way by which the world may reach the relay. */
export interface PathWay {
  readonly kind:
    | "direct6"
    | "direct4"
    | "mapped"
    | "manual"
    | "tunnel"
    | "onion";
  readonly state:
    | "unknown"
    | "trying"
    | "confirmed"
    | "unconfirmed"
    | "failed";
  /** Why, in a few words that stay the same. */
  readonly reason?: string;
  readonly host?: string;
  readonly port?: number;
  /** How the router was asked: `upnp`, `nat-pmp`, `pcp`; and its name. */
  readonly method?: string;
  readonly router?: string;
  /** What the router has in front of it: `nat`, `cgnat`. */
  readonly behind?: string;
  /** Since somebody outside last said whether it works. */
  readonly checkedSeconds?: number;
}

/** Answer to `GET /path`. */
export interface PathAnswer {
  readonly state: PartState;
  /** How the relay is reached, and what to do, in sentences. */
  readonly words: string;
  readonly remedy?: string;
  /** What the world is told, the most useful first. */
  readonly advertised: readonly {
    readonly host: string;
    readonly port: number;
    readonly kind: PathWay["kind"];
    readonly confirmed: boolean;
  }[];
  readonly ways: readonly PathWay[];
}

/** Answer to `GET /certificate/web`: what browsers are shown. Times are ISO 8601. */
export interface WebCertificateAnswer {
  /** From the owner's files, from a certificate authority, or none. */
  readonly source: "file" | "acme" | "none";
  /** What it is to be for. */
  readonly names?: readonly string[];
  /** End of the one that is used. */
  readonly ends?: string;
  readonly renews?: string;
  /** What is wrong, in a sentence. */
  readonly problem?: string;
}

/** What an owner may do with the certificate for browsers. */
export interface WebCertificateControl {
  answer(): WebCertificateAnswer;
  /** Gets a new one; resolves when it is used. */
  renewNow(): Promise<WebCertificateAnswer>;
}

/** The running relay, as the control socket needs it. */
export interface ControlledRelay {
  addresses(): string[];
  reachedAddresses(): ReachedAddress[];
  parts(): PartStatus[];
  path(): PathAnswer;
  counts(): Record<string, number>;
  statistics(): StatisticsAnswer;
  clients(): ClientAnswer[];
  information(): ServerInformation;
  /** Brings statistics and everything in memory onto the disk. */
  save(): Promise<void>;
  readonly queues: QueueControl;
  /** `undefined` when no files are kept. */
  readonly files?: FileControl;
  readonly webCertificate: WebCertificateControl;
}
