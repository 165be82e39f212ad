/**
 * The HTTP/2 that XFTP uses, from the client's side: each request is `POST /`
 * with a block and perhaps content behind it, each response a block and
 * perhaps content (simplexmq 6.5.5, `sendRequest` in
 * `Simplex.Messaging.Transport.HTTP2.Client`).
 *
 * @module
 */

import http2 from "node:http2";
import type { Connection } from "../../transport/connection.ts";
import { connectionDuplex } from "../../transport/duplex.ts";
import { EMPTY } from "../../wire/mod.ts";
import { XftpClientError } from "./error.ts";

/** Bytes of one response that may be on their way to us. */
const STREAM_WINDOW = 1024 * 1024;
/** Bytes of all responses that may be on their way to us. */
const SESSION_WINDOW = 4 * 1024 * 1024;
/** Size of the pieces in which content is given to the connection. */
const PIECE = 64 * 1024;

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
  readonly #session: http2.ClientHttp2Session;
  readonly #ended: Promise<void>;
  readonly #exchanges = new Set<Exchange>();
  #open = true;
  #cause: unknown;

  /** Owns the connection from now on. */
  constructor(connection: Connection) {
    const stream = connectionDuplex(connection);
    // The session does not always tell its streams that the connection is gone.
    for (const event of ["end", "close"]) {
      stream.once(event, () => setImmediate(() => this.#lost()));
    }
    // The authority is not looked at by relays, and the name is none of theirs.
    this.#session = http2.connect("https://localhost", {
      createConnection: () => stream,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    this.#session.setLocalWindowSize(SESSION_WINDOW);
    this.#session.on("error", (error) => this.#cause ??= error);
    this.#session.on("goaway", () => this.#open = false);
    this.#session.on("close", () => {
      this.#open = false;
      resolve();
    });
  }

  /** Whether another request may be made. */
  get open(): boolean {
    return this.#open && !this.#session.closed && !this.#session.destroyed;
  }

  /**
   * Makes a request; resolves with the number of bytes in `response`. A
   * relay that answers before it has taken all content does not get the rest.
   *
   * @throws {XftpClientError} `closed`, `timeout`, `protocol`
   */
  async request(request: HttpRequest): Promise<number> {
    if (!this.open) throw this.#closedError();
    const exchange = new Exchange(this.#session, request);
    this.#exchanges.add(exchange);
    try {
      return await exchange.done;
    } finally {
      this.#exchanges.delete(exchange);
    }
  }

  /** Closes the connection; requests under way are rejected. */
  async close(): Promise<void> {
    this.#lost();
    await this.#ended;
  }

  #lost(): void {
    this.#open = false;
    for (const exchange of this.#exchanges) exchange.fail(this.#closedError());
    this.#session.destroy();
  }

  #closedError(): XftpClientError {
    return new XftpClientError("closed", "The relay closed the connection", {
      cause: this.#cause,
    });
  }
}

/** One request with its response. */
class Exchange {
  readonly done: Promise<number>;
  readonly #stream: http2.ClientHttp2Stream;
  readonly #request: HttpRequest;
  readonly #settle: {
    resolve: (size: number) => void;
    reject: (error: unknown) => void;
  };
  readonly #started = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #limitMs: number;
  #filled = 0;
  #wanted: number;
  #judged: boolean;
  #settled = false;

  constructor(session: http2.ClientHttp2Session, request: HttpRequest) {
    const { promise, ...settle } = Promise.withResolvers<number>();
    this.done = promise;
    this.#settle = settle;
    this.#request = request;
    this.#wanted = request.judge?.size ?? request.response.length;
    this.#judged = request.judge === undefined;
    const content = request.content ?? EMPTY;
    const most = Math.max(content.length, request.response.length);
    this.#limitMs = request.timeoutMs + most / SLOWEST_LINK * 1000;
    this.#stream = session.request({ ":method": "POST", ":path": "/" });
    this.#touch();
    this.#stream.on("response", ({ ":status": status }) => {
      if (status !== 200) {
        this.fail(
          new XftpClientError("protocol", `The relay answered HTTP ${status}`),
        );
      }
    });
    this.#stream.on("data", (data: Uint8Array) => this.#take(data));
    this.#stream.on("end", () => this.#finish());
    this.#stream.on("error", (cause) => {
      this.fail(
        new XftpClientError("closed", "The relay broke off", { cause }),
      );
    });
    this.#stream.on("close", () => {
      this.fail(
        new XftpClientError("closed", "The relay broke off its response"),
      );
    });
    this.#send(request.head, content);
  }

  #send(head: Uint8Array, content: Uint8Array): void {
    if (head.length > 0) this.#stream.write(head);
    let sent = 0;
    const next = () => {
      if (this.#settled || this.#stream.destroyed) return;
      if (sent === content.length) {
        this.#stream.end();
        return;
      }
      const piece = content.subarray(sent, sent + PIECE);
      sent += piece.length;
      this.#stream.write(piece, (error) => {
        // An error is told by the stream's "error" or "close".
        if (error || this.#settled) return;
        this.#touch();
        this.#request.onProgress?.(piece.length);
        next();
      });
    };
    next();
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
      try {
        this.#wanted += this.#request.judge?.more() ?? 0;
      } catch (error) {
        this.fail(error);
        return;
      }
    }
    if (rest.length > 0) {
      this.fail(
        new XftpClientError("protocol", "The relay sends too much"),
      );
    }
  }

  #finish(): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settle.resolve(this.#filled);
    // Content that the relay did not wait for stays here.
    if (!this.#stream.writableEnded) {
      this.#stream.close(http2.constants.NGHTTP2_CANCEL);
    }
  }

  /** Ends it with this error, unless it has ended. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settle.reject(error);
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
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
