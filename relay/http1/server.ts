/**
 * The side that is asked.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { Http1Error } from "./errors.ts";
import {
  bodyLength,
  type Fields,
  formatHead,
  hasWord,
  parseRequestHead,
  type RequestHead,
} from "./head.ts";
import { Incoming } from "./incoming.ts";

/** A request, with its whole body. */
export interface Http1Request {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** By their names in small letters. */
  readonly fields: Fields;
  readonly body: Uint8Array;
}

/** The answer to it. */
export interface Http1Response {
  readonly status: number;
  /** Without those about length and connection. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Bounds of what a client may send. */
export interface Http1Limits {
  /** Bytes of a request's head; default 8 KiB. */
  readonly headBytes?: number;
  /** Bytes of a request's body; default 64 KiB. */
  readonly bodyBytes?: number;
  /** Requests of one connection; default 1,000. */
  readonly requests?: number;
  /** Time for a body, and to take an answer, ms; default 15 s. */
  readonly timeoutMs?: number;
  /** Time until the next request's head is there, ms; default 60 s. */
  readonly idleMs?: number;
}

/** How a connection is served. */
export interface ServeHttp1Options {
  /** Answers one request. What it throws is answered with 500. */
  readonly handle: (
    request: Http1Request,
  ) => Http1Response | Promise<Http1Response>;
  /**
   * Takes the connection over for a request that asks for another protocol
   * (`Upgrade`); `undefined`: it is answered like any other. The server is
   * done when what it returns has settled.
   */
  readonly upgrade?: (
    request: Http1Request,
    taken: { readonly connection: Connection; readonly rest: Uint8Array },
  ) => Promise<void> | undefined;
  /** Told what `handle` throws; must not throw. */
  readonly onError: (error: unknown) => void;
  readonly limits?: Http1Limits;
}

const DEFAULT_LIMITS = {
  headBytes: 8 * 1024,
  bodyBytes: 64 * 1024,
  requests: 1000,
  timeoutMs: 15_000,
  idleMs: 60_000,
} satisfies Required<Http1Limits>;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");
const encoder = new TextEncoder();

/**
 * Answers requests, one after the other, until the client leaves, breaks a
 * rule or a bound. Never rejects for what the client does; whoever calls
 * closes the connection.
 */
export async function serveHttp1(
  connection: Connection,
  options: ServeHttp1Options,
): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const incoming = new Incoming(connection);
  try {
    for (let served = 1; served <= limits.requests; served++) {
      const head = await readHead(connection, incoming, limits);
      if (head === undefined) return;
      const request = await readBody(connection, incoming, { head, limits });
      const taken = head.fields.has("upgrade")
        ? options.upgrade?.(request, { connection, rest: incoming.rest })
        : undefined;
      if (taken !== undefined) return await taken;
      const last = head.old || served === limits.requests ||
        hasWord(head.fields, "connection", "close");
      const response = await answer(request, options);
      await send(connection, response, {
        last,
        bodiless: head.method === "HEAD",
        timeoutMs: limits.timeoutMs,
      });
      if (last || !connection.open) return;
    }
  } catch (error) {
    if (!(error instanceof Http1Error)) {
      // Broken records of TLS: the client is gone.
      if (connection.open) throw error;
      return;
    }
    const status = error.kind === "protocol"
      ? 400
      : error.kind === "too large"
      ? 413
      : undefined;
    if (status === undefined) return;
    await send(connection, { status }, {
      last: true,
      bodiless: false,
      timeoutMs: limits.timeoutMs,
    });
  }
}

async function readHead(
  connection: Connection,
  incoming: Incoming,
  limits: Required<Http1Limits>,
): Promise<RequestHead | undefined> {
  const head = await timed(
    connection,
    limits.idleMs,
    () => incoming.head(limits.headBytes),
  );
  return head === undefined ? undefined : parseRequestHead(head);
}

async function readBody(
  connection: Connection,
  incoming: Incoming,
  { head, limits }: { head: RequestHead; limits: Required<Http1Limits> },
): Promise<Http1Request> {
  const length = bodyLength(head.fields) ?? 0;
  if (length > limits.bodyBytes) {
    throw new Http1Error("too large", "The body is too long");
  }
  if (
    length > incoming.rest.length &&
    hasWord(head.fields, "expect", "100-continue")
  ) connection.write(CONTINUE);
  const body = await timed(
    connection,
    limits.timeoutMs,
    () => incoming.body(length),
  );
  const { method, target, fields } = head;
  return { method, target, fields, body };
}

async function answer(
  request: Http1Request,
  { handle, onError }: ServeHttp1Options,
): Promise<Http1Response> {
  try {
    return await handle(request);
  } catch (error) {
    onError(error);
    return { status: 500 };
  }
}

async function send(
  connection: Connection,
  { status, fields, body = "" }: Http1Response,
  { last, bodiless, timeoutMs }: {
    last: boolean;
    bodiless: boolean;
    timeoutMs: number;
  },
): Promise<void> {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const head = encoder.encode(
    formatHead(`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`, {
      ...fields,
      ...(status === 204 || status === 304
        ? {}
        : { "content-length": String(bytes.length) }),
      ...(last ? { connection: "close" } : {}),
    }),
  );
  const message = new Uint8Array(head.length + (bodiless ? 0 : bytes.length));
  message.set(head);
  if (!bodiless) message.set(bytes, head.length);
  connection.write(message);
  await timed(connection, timeoutMs, () => connection.drained());
}

/** Cuts the connection when `act` takes longer than `ms`. */
async function timed<T>(
  connection: Connection,
  ms: number,
  act: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => connection.abort(), ms);
  try {
    return await act();
  } finally {
    clearTimeout(timer);
  }
}
