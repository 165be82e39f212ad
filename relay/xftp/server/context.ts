/**
 * What the server's parts share: settings, files, counters.
 *
 * @module
 */

import type { Http2Stream } from "../../http2/mod.ts";
import type { Identity } from "../../identity/mod.ts";
import type { ShareGate, VersionRange } from "../../smp/mod.ts";
import type { FileStore } from "../file_store.ts";
import type { Slots } from "./slots.ts";
import type { FileStatistics } from "./statistics.ts";

/** Settings of the XFTP server. Times in milliseconds unless it says other. */
export interface XftpOptions {
  readonly versions: VersionRange;
  /** Whether clients may create files. */
  readonly newFiles: boolean;
  /** What clients must know to create files. */
  readonly createPassword?: Uint8Array;
  /** What the owner gives to others; all of it unless it says so. */
  readonly share?: ShareGate;
  /** Sizes that a file may have, in bytes. */
  readonly chunkSizes: readonly number[];
  /** Age at which files are deleted, in seconds; never when left out. */
  readonly fileTtlSeconds?: number;
  readonly fileExpiryCheckMs: number;
  /** Time for one upload. */
  readonly uploadTimeoutMs: number;
  /** How long a client may take nothing of a download. */
  readonly downloadStallMs: number;
  /** Time for the handshake after that of TLS. */
  readonly handshakeTimeoutMs: number;
  /** Time without a request after which a connection is closed. */
  readonly inactiveAfterMs?: number;
  readonly inactiveCheckMs: number;
  /** Requests of one connection at a time. */
  readonly requestsPerConnection: number;
  /** Uploads of all connections at a time, and as many downloads. */
  readonly transfers: number;
  /** Whether browsers of other sites may use the relay (CORS). */
  readonly browsers: boolean;
}

/** What the server's parts share. */
export interface XftpContext {
  readonly identity: Identity;
  readonly files: FileStore;
  readonly options: XftpOptions;
  readonly statistics: FileStatistics;
  readonly uploads: Slots;
  readonly downloads: Slots;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** Answers requests that have no command: of browsers, for a page. */
  readonly answerPage?: (stream: Http2Stream) => Promise<void>;
}
