/**
 * The HTTP/2 that XFTP uses, from the client's side: each request is `POST /`
 * with a block and perhaps content behind it, each response a block and
 * perhaps content (simplexmq 6.5.5, `sendRequest` in
 * `Simplex.Messaging.Transport.HTTP2.Client`).
 *
 * @module
 */

import {
  connectHttp2,
  type Http2ClientSession,
  Http2Code,
  Http2Error,
  type Http2Limits,
  type Http2Stream,
} from "../../http2/mod.ts";
import type { Connection } from "../../transport/connection.ts";
import { XftpClientError } from "./error.ts";
import { Turns } from "./turns.ts";

const limits: Http2Limits = {
  streamWindow: 1024 * 1024,
  connectionWindow: 4 * 1024 * 1024,
  // Relays begin no streams.
  maxConcurrentStreams: 0,
  maxHeaderListSize: 16 * 1024,
  maxIdleFrames: 1000,
  writeStallMs: 120_000,
};

/** The authority is not looked at by relays, and the name is none of theirs. */
const REQUEST = [
  [":method", "POST"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/"],
] as const;

const EMPTY = new Uint8Array(0);
/** Size of the pieces in which content is given to the connection. */
const PIECE = 64 * 1024;

/**
 * Requests with content at a time. The reference does three requests of a
 * connection at a time and has one megabyte of room for all of them: what it
 * does not read of a fourth takes the room of those that it reads, for good
 * (`Network.HTTP2.Server.Run` of Haskell http2 4.2.2).
 */
const UPLOADS = 2;

/** What a request brings. */
export interface HttpRequest {
  /** First bytes of the body: a block, or nothing. */
  readonly head: Uint8Array;
  /** The bytes behind it. */
  readonly content?: Uint8Array;
  /** Where the response's body goes: as many bytes as this takes, in turn. */
  readonly response: Uint8Array;
  /**
   * How long nothing may move in either direction, in milliseconds. With
   * content in either direction the whole may take as much longer as a link of
   * {@link SLOWEST_LINK} needs.
   */
  readonly timeoutMs: number;
  /**
   * Asked once the first `size` bytes of the response are there: how many more
   * are taken. What it throws is the result. Left out: all.
   */
  readonly judge?: { readonly size: number; readonly more: () => number };
  /** Called when more content of either direction is through, with its bytes. */
  readonly onProgress?: (bytes: number) => void;
}

/** Bytes a second below which a transfer is given up. */
const SLOWEST_LINK = 4096;

/** HTTP/2 over one TLS connection. */
export class HttpClient {
  readonly #session: Http2ClientSession;
  readonly #exchanges = new Set<Exchange>();
  readonly #uploads = new Turns(UPLOADS);

  /** Owns the connection from now on. */
  constructor(connection: Connection) {
    this.#session = connectHttp2(connection, { limits });
    void this.#session.ended.then(() => this.#lost());
  }

  /** Whether another request may be made. */
  get open(): boolean {
    return this.#session.open;
  }

  /**
   * Makes a request; resolves with the number of bytes in `response`. A
   * relay that answers before it has taken all content does not get the rest.
   *
   * @throws {XftpClientError} `closed`, `timeout`, `protocol`
   */
  request(request: HttpRequest): Promise<number> {
    return request.content === undefined
      ? this.#exchange(request)
      : this.#uploads.take(() => this.#exchange(request));
  }

  /** Closes the connection; requests under way are rejected. */
  async close(): Promise<void> {
    this.#lost();
    this.#session.abort();
    await this.#session.ended;
  }

  async #exchange(request: HttpRequest): Promise<number> {
    let stream = this.#begin(request);
    while (stream === undefined) {
      await Promise.race(Array.from(this.#exchanges, ({ over }) => over));
      stream = this.#begin(request);
    }
    const exchange = new Exchange(stream, request);
    this.#exchanges.add(exchange);
    try {
      return await exchange.done;
    } finally {
      this.#exchanges.delete(exchange);
    }
  }

  /** Begins a stream, unless the relay takes no more until one is over. */
  #begin({ head, content = EMPTY }: HttpRequest): Http2Stream | undefined {
    try {
      const end = head.length + content.length === 0;
      return this.#session.request(REQUEST, { end });
    } catch (cause) {
      const full = cause instanceof Http2Error && cause.kind === "refused";
      if (full && this.#exchanges.size > 0) return undefined;
      throw closedError(cause);
    }
  }

  #lost(): void {
    for (const exchange of this.#exchanges) exchange.fail(closedError());
  }
}

/** One request with its response. */
class Exchange {
  readonly done: Promise<number>;
  /** Settles with `done`, and never rejects. */
  readonly over: Promise<void>;
  readonly #stream: Http2Stream;
  readonly #request: HttpRequest;
  readonly #settle: {
    resolve: (size: number) => void;
    reject: (error: unknown) => void;
  };
  readonly #started = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #limitMs: number;
  #filled = 0;
  #wanted: number;
  #judged: boolean;
  #sent = false;
  #settled = false;

  constructor(stream: Http2Stream, request: HttpRequest) {
    const { promise, ...settle } = Promise.withResolvers<number>();
    this.done = promise;
    this.over = promise.then(() => {}, () => {/* `done` tells it. */});
    this.#settle = settle;
    this.#stream = stream;
    this.#request = request;
    this.#wanted = request.judge?.size ?? request.response.length;
    this.#judged = request.judge === undefined;
    const { head, content = EMPTY, response } = request;
    const most = Math.max(content.length, response.length);
    this.#limitMs = request.timeoutMs + most / SLOWEST_LINK * 1000;
    this.#touch();
    void this.#send(head, content);
    void this.#receive();
  }

  async #send(head: Uint8Array, content: Uint8Array): Promise<void> {
    try {
      if (head.length > 0) {
        await this.#stream.write(plain(head), { end: content.length === 0 });
      }
      for (let at = 0; at < content.length && !this.#settled; at += PIECE) {
        const piece = content.subarray(at, at + PIECE);
        const end = at + piece.length === content.length;
        await this.#stream.write(plain(piece), { end });
        if (this.#settled) return;
        this.#touch();
        this.#request.onProgress?.(piece.length);
      }
      this.#sent = true;
    } catch (error) {
      // A relay may answer and take no more; else reading tells what is wrong.
      if (!(error instanceof Http2Error)) this.fail(error);
    }
  }

  async #receive(): Promise<void> {
    try {
      const fields = await this.#stream.headers();
      const status = fields.find(([name]) => name === ":status")?.[1];
      if (status !== "200") {
        throw new XftpClientError(
          "protocol",
          `The relay answered HTTP ${Number(status)}`,
        );
      }
      for (;;) {
        const bytes = await this.#stream.read();
        if (bytes === undefined) break;
        this.#take(bytes);
      }
    } catch (error) {
      this.fail(
        error instanceof Http2Error
          ? new XftpClientError("closed", "The relay broke off", {
            cause: error,
          })
          : error,
      );
      return;
    }
    this.#finish();
  }

  #take(data: Uint8Array): void {
    if (this.#settled) return;
    this.#touch();
    let rest = data;
    for (;;) {
      const taken = rest.subarray(0, this.#wanted - this.#filled);
      this.#request.response.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#judged && taken.length > 0) {
        this.#request.onProgress?.(taken.length);
      }
      if (this.#filled < this.#wanted) return;
      if (this.#judged) break;
      this.#judged = true;
      this.#wanted += this.#request.judge?.more() ?? 0;
    }
    if (rest.length > 0) {
      throw new XftpClientError("protocol", "The relay sends too much");
    }
  }

  #finish(): void {
    if (!this.#settleOnce()) return;
    this.#settle.resolve(this.#filled);
    // Content that the relay did not wait for stays here.
    if (!this.#sent) this.#stream.reset(Http2Code.CANCEL);
  }

  /** Ends it with this error, unless it has ended. */
  fail(error: unknown): void {
    if (!this.#settleOnce()) return;
    this.#settle.reject(error);
    this.#stream.reset(Http2Code.CANCEL);
  }

  #settleOnce(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    return true;
  }

  #touch(): void {
    clearTimeout(this.#timer);
    const left = this.#started + this.#limitMs - performance.now();
    this.#timer = setTimeout(() => {
      this.fail(
        new XftpClientError("timeout", "The relay did not answer in time"),
      );
    }, Math.max(0, Math.min(this.#request.timeoutMs, left)));
  }
}

function closedError(cause?: unknown): XftpClientError {
  return new XftpClientError("closed", "The relay closed the connection", {
    cause,
  });
}

/** The same bytes, as what they are: not shared with another thread. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : bytes.slice();
}
