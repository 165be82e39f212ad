/**
 * The XFTP server: serves connections that it is given, and deletes files that
 * are too old.
 *
 * @module
 */

import type { Http2Stream } from "../../http2/mod.ts";
import type { Identity } from "../../identity/mod.ts";
import type { BlockingInfo } from "../../smp/mod.ts";
import type { Connection } from "../../transport/connection.ts";
import type { FileStatus, FileStore } from "../file_store.ts";
import { TIME_PRECISION } from "./commands.ts";
import { XftpConnection } from "./connection.ts";
import type { XftpContext, XftpOptions } from "./context.ts";
import { Slots } from "./slots.ts";
import type { FileStatistics } from "./statistics.ts";

/** What the server is made of. */
export interface XftpServerParts {
  readonly identity: Identity;
  readonly files: FileStore;
  readonly statistics: FileStatistics;
  readonly options: XftpOptions;
  /** Told what went wrong on the relay's side; must not throw. */
  readonly onError: (error: unknown) => void;
  /** Answers requests that have no command: of browsers, for a page. */
  readonly answerPage?: (stream: Http2Stream) => Promise<void>;
  /** Milliseconds since 1970. For tests. */
  readonly now?: () => number;
}

/** What the server is doing now. */
export interface XftpStatus {
  readonly connections: number;
  readonly uploads: number;
  readonly downloads: number;
  /** Bytes of contents that came and went since the start. */
  readonly bytesMoved: number;
}

/** What is told of a file to the relay's owner. */
export interface FileOverview {
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly uploaded: boolean;
  readonly status: FileStatus;
}

/** Serves XFTP over connections that are given to `serve`. */
export class XftpServer implements AsyncDisposable {
  readonly #parts: XftpServerParts;
  readonly #context: XftpContext;
  readonly #connections = new Set<XftpConnection>();
  readonly #running = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #expiring: Promise<void> | undefined;

  constructor(parts: XftpServerParts) {
    this.#parts = parts;
    const { options } = parts;
    this.#context = {
      identity: parts.identity,
      files: parts.files,
      statistics: parts.statistics,
      options,
      uploads: new Slots(options.transfers),
      downloads: new Slots(options.transfers),
      now: parts.now ?? Date.now,
      onError: parts.onError,
      answerPage: parts.answerPage,
    };
  }

  /** Deletes old files, and starts the clocks. */
  async start(): Promise<void> {
    const { options } = this.#parts;
    await this.#expire();
    if (options.fileTtlSeconds !== undefined) {
      this.#every(options.fileExpiryCheckMs, () => this.#expireAgain());
    }
    const { inactiveAfterMs } = options;
    if (inactiveAfterMs !== undefined) {
      this.#every(
        options.inactiveCheckMs,
        () => this.#closeInactive(inactiveAfterMs),
      );
    }
  }

  /** What the server is doing now. */
  get status(): XftpStatus {
    return {
      connections: this.#connections.size,
      uploads: this.#context.uploads.used,
      downloads: this.#context.downloads.used,
      bytesMoved: this.#context.uploads.moved + this.#context.downloads.moved,
    };
  }

  /** The file of this recipient ID, or `undefined`. */
  fileStatus(recipientId: Uint8Array): FileOverview | undefined {
    const file = this.#parts.files.byRecipient(recipientId)?.file;
    return file && {
      size: file.size,
      createdAt: file.createdAt,
      uploaded: file.uploaded,
      status: file.status,
    };
  }

  /** Deletes the file of this recipient ID; false when there is none. */
  async deleteFile(recipientId: Uint8Array): Promise<boolean> {
    const file = this.#parts.files.byRecipient(recipientId)?.file;
    if (!file || !await this.#parts.files.delete(file.senderId)) return false;
    this.#context.statistics.add("filesDeleted");
    return true;
  }

  /** Removes the file's content and says why; false when there is no file. */
  async blockFile(
    recipientId: Uint8Array,
    info: BlockingInfo,
  ): Promise<boolean> {
    const file = this.#parts.files.byRecipient(recipientId)?.file;
    const blocked = file && await this.#parts.files.block(file.senderId, info);
    if (!blocked) return false;
    this.#context.statistics.add("filesBlocked");
    return true;
  }

  /** Serves a connection until it closes; closes it in any case. */
  async serve(connection: Connection): Promise<void> {
    const serving = this.#serve(connection);
    this.#running.add(serving);
    try {
      await serving;
    } finally {
      this.#running.delete(serving);
      await connection.close();
    }
  }

  /** Ends all connections and waits for them. The files are not closed. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.close();
    await Promise.all(this.#running);
    await this.#expiring;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #serve(connection: Connection): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const served = new XftpConnection(this.#context, connection);
    this.#connections.add(served);
    const deadline = setTimeout(() => {
      if (!served.ready) served.close();
    }, this.#parts.options.handshakeTimeoutMs);
    try {
      await served.run();
    } finally {
      clearTimeout(deadline);
      this.#connections.delete(served);
    }
  }

  #every(interval: number, action: () => void): void {
    this.#timers.push(setInterval(action, interval));
  }

  #expireAgain(): void {
    this.#expiring ??= this.#expire().catch(this.#parts.onError).finally(() => {
      this.#expiring = undefined;
    });
  }

  async #expire(): Promise<void> {
    const { fileTtlSeconds } = this.#parts.options;
    if (fileTtlSeconds === undefined) return;
    const now = Math.floor(this.#context.now() / 1000);
    // The time of a file was rounded down.
    const expired = await this.#parts.files.expire(
      now - fileTtlSeconds - TIME_PRECISION,
      this.#stopped.signal,
    );
    this.#context.statistics.add("filesExpired", expired);
  }

  #closeInactive(inactiveAfterMs: number): void {
    const before = this.#context.now() - inactiveAfterMs;
    for (const connection of this.#connections) {
      if (connection.lastActive < before && !connection.busy) {
        connection.close();
      }
    }
  }
}
