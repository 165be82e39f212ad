/**
 * The side that asks.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { Http1Error } from "./errors.ts";
import { bodyLength, formatHead, hasWord, parseResponseHead } from "./head.ts";
import { Incoming } from "./incoming.ts";

/** A request. */
export interface Http1ClientRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** The answer, with its whole body. */
export interface Http1Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** How a client behaves. */
export interface Http1ClientOptions {
  /** For the field `host`. */
  readonly host: string;
  /** Time for a whole exchange, ms; default 30 s. */
  readonly timeoutMs?: number;
  /** Bytes of an answer's body; default 1 MiB. */
  readonly bodyBytes?: number;
}

/** Asks over one connection, one request at a time. */
export interface Http1Client extends AsyncDisposable {
  /** False when a new connection is needed. */
  readonly open: boolean;
  /** @throws {Http1Error} */
  request(request: Http1ClientRequest): Promise<Http1Answer>;
}

const MAX_HEAD = 16 * 1024;
const encoder = new TextEncoder();

/** A client over a connection, which it closes in the end. */
export function connectHttp1(
  connection: Connection,
  options: Http1ClientOptions,
): Http1Client {
  return new Client(connection, options);
}

class Client implements Http1Client {
  readonly #connection: Connection;
  readonly #options: Http1ClientOptions;
  readonly #incoming: Incoming;
  #busy = false;

  constructor(connection: Connection, options: Http1ClientOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#incoming = new Incoming(connection);
  }

  get open(): boolean {
    return this.#connection.open;
  }

  async request(request: Http1ClientRequest): Promise<Http1Answer> {
    if (this.#busy) throw new Error("A request of this client is under way");
    this.#busy = true;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#connection.abort();
    }, this.#options.timeoutMs ?? 30_000);
    try {
      this.#send(request);
      return await this.#receive();
    } catch (cause) {
      this.#connection.abort();
      if (late) {
        throw new Http1Error("timeout", "No answer came in time", { cause });
      }
      if (cause instanceof Http1Error) throw cause;
      throw new Http1Error("closed", "The connection broke", { cause });
    } finally {
      clearTimeout(timer);
      this.#busy = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }

  #send({ method, target, fields, body = "" }: Http1ClientRequest): void {
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    const head = formatHead(`${method} ${target} HTTP/1.1`, {
      host: this.#options.host,
      ...fields,
      ...(bytes.length > 0 ? { "content-length": String(bytes.length) } : {}),
    });
    this.#connection.write(encoder.encode(head));
    if (bytes.length > 0) this.#connection.write(bytes);
  }

  async #receive(): Promise<Http1Answer> {
    for (;;) {
      const bytes = await this.#incoming.head(MAX_HEAD);
      if (bytes === undefined) {
        throw new Http1Error("closed", "The connection ended before an answer");
      }
      const { status, fields } = parseResponseHead(bytes);
      if (status < 200) continue;
      const length = bodyLength(fields) ?? (status === 204 ? 0 : undefined);
      if (length === undefined) {
        throw new Http1Error("protocol", "The answer has no length");
      }
      if (length > (this.#options.bodyBytes ?? 1024 * 1024)) {
        throw new Http1Error("too large", "The answer is too long");
      }
      const body = await this.#incoming.body(length);
      if (hasWord(fields, "connection", "close")) {
        await this.#connection.close();
      }
      return { status, fields, body };
    }
  }
}
