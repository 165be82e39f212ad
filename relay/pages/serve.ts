/**
 * Pages over HTTP/1.1 and over HTTP/2. Nobody is remembered, nothing is logged.
 *
 * @module
 */

import { serveHttp1 } from "../http1/mod.ts";
import {
  type HeaderField,
  type Http2Limits,
  type Http2Stream,
  serveHttp2,
} from "../http2/mod.ts";
import type { Connection } from "../transport/connection.ts";
import type { Pages } from "./pages.ts";

/** How long a browser's connection stays open without a request, ms. */
const IDLE_MS = 15_000;
/** How long one may stay open at all over HTTP/2, ms. */
const SESSION_MS = 120_000;
const HTTP1_LIMITS = { bodyBytes: 1024, requests: 16, idleMs: IDLE_MS };
const HTTP2_LIMITS: Http2Limits = {
  streamWindow: 65_535,
  connectionWindow: 65_535,
  maxConcurrentStreams: 8,
  maxHeaderListSize: 16 * 1024,
  maxIdleFrames: 100,
  writeStallMs: IDLE_MS,
};

/** Serves a browser's connection; whoever calls closes it. */
export function servePagesHttp1(
  connection: Connection,
  { pages, onError }: { pages: Pages; onError: (error: unknown) => void },
): Promise<void> {
  return serveHttp1(connection, {
    handle: ({ method, target, fields }) =>
      pages.answer({ method, target, known: fields.get("if-none-match") }),
    onError,
    limits: HTTP1_LIMITS,
  });
}

/** The same over HTTP/2, where nothing else is served over it. */
export async function servePagesHttp2(
  connection: Connection,
  { pages, onError }: { pages: Pages; onError: (error: unknown) => void },
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const session = serveHttp2(connection, {
    limits: HTTP2_LIMITS,
    onStream: async (stream) => {
      await answerStream(stream, pages);
      closeLater();
    },
    onError,
  });
  const closeLater = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void session.close(), IDLE_MS);
  };
  const end = setTimeout(() => void session.close(), SESSION_MS);
  closeLater();
  try {
    await session.ended;
  } finally {
    clearTimeout(timer);
    clearTimeout(end);
  }
}

/**
 * Answers one request of HTTP/2.
 *
 * @throws {Http2Error} when the browser breaks it off
 */
export async function answerStream(
  stream: Http2Stream,
  pages: Pages,
): Promise<void> {
  const headers = new Map(await stream.headers());
  const method = headers.get(":method") ?? "";
  const { status, fields, body } = pages.answer({
    method,
    target: headers.get(":path") ?? "",
    known: headers.get("if-none-match"),
  });
  const length: readonly HeaderField[] = status === 304
    ? []
    : [["content-length", String(body.length)]];
  const end = method === "HEAD" || body.length === 0;
  stream.sendHeaders(
    [[":status", String(status)], ...Object.entries(fields), ...length],
    { end },
  );
  if (!end) await stream.write(body, { end: true });
}
