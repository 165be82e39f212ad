/**
 * The relay's end of the control socket.
 *
 * @module
 */

import { connect } from "node:net";
import { stopHttp } from "../http_stop.ts";
import {
  checkSocketPath,
  ControlError,
  Refusal,
  type RefusalCode,
} from "./errors.ts";

/**
 * What the relay answers, by method and path: `"GET /status"`. What a handler
 * returns is sent as JSON; it gets the JSON that came with a `POST`. A
 * {@link Refusal} is told to the one who asked.
 */
export type ControlHandlers = Readonly<
  Record<string, (body: unknown) => unknown | Promise<unknown>>
>;

/** Longest question, in bytes. */
const MAX_BODY = 64 * 1024;

const REFUSAL_STATUS: Readonly<Record<RefusalCode, number>> = {
  "bad request": 400,
  "not found": 404,
  conflict: 409,
  starting: 503,
};

export interface ControlServer extends AsyncDisposable {
  /** Closes the socket, after the answers under way, and removes it. */
  stop(): Promise<void>;
}

export interface ServeControlOptions {
  /** Path of the socket, at most 107 bytes. Its directory must be there. */
  readonly path: string;
  readonly handlers: ControlHandlers;
  /** Stops the server when it is aborted. */
  readonly signal?: AbortSignal;
  /** Hears of a handler that threw; the client hears only that it did. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Listens on a Unix socket that only this user can connect to (mode 0600). A
 * socket that a killed relay left behind is replaced.
 *
 * @throws {ControlError} `path too long`, `already running` or `io`
 */
export async function serveControl(
  options: ServeControlOptions,
): Promise<ControlServer> {
  const { path, handlers, signal, onError = () => {} } = options;
  checkSocketPath(path);
  await removeStaleSocket(path);
  const server = listen(path, async (request) => {
    const handler = handlerOf(handlers, request);
    if (handler === undefined) {
      return Response.json({ error: "unknown" }, { status: 404 });
    }
    try {
      return Response.json(await handler(await bodyOf(request)));
    } catch (error) {
      if (error instanceof Refusal) {
        const { code, message } = error;
        const status = REFUSAL_STATUS[code];
        return Response.json({ error: code, message }, { status });
      }
      onError(error);
      return Response.json({ error: "internal" }, { status: 500 });
    }
  });
  const stop = () => stopHttp(server);
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  server.finished.finally(() => signal?.removeEventListener("abort", onAbort));
  return { stop, [Symbol.asyncDispose]: stop };
}

function handlerOf(handlers: ControlHandlers, request: Request) {
  const route = `${request.method} ${new URL(request.url).pathname}`;
  return Object.hasOwn(handlers, route) ? handlers[route] : undefined;
}

/** The JSON of a `POST`; nothing comes with a `GET`. */
async function bodyOf(request: Request): Promise<unknown> {
  if (request.method === "GET" || request.body === null) return undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const part of request.body) {
    length += part.length;
    if (length > MAX_BODY) {
      throw new Refusal("bad request", "The question is too long.");
    }
    parts.push(part);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(await new Blob(parts).text());
  } catch {
    throw new Refusal("bad request", "The question is not JSON.");
  }
}

function listen(
  path: string,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.UnixAddr> {
  // The socket has its mode from the moment it is there: no chmod in between.
  const before = Deno.umask(0o177);
  try {
    return Deno.serve({ path, onListen: () => {} }, handler);
  } catch (cause) {
    throw new ControlError(
      "io",
      `Cannot make the control socket ${path}: ${messageOf(cause)}`,
      { cause },
    );
  } finally {
    Deno.umask(before);
  }
}

/** Removes a socket that nobody listens on any more. */
async function removeStaleSocket(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (info === undefined) return;
  if (!info.isSocket) {
    throw new ControlError(
      "io",
      `Cannot make the control socket: ${path} is there and is not a socket. ` +
        "Move it away, or set control.socket to another path.",
    );
  }
  if (await isListening(path)) {
    throw new ControlError(
      "already running",
      "The relay is running already: something answers on " +
        `${path}. See how it is with: porchlight status`,
    );
  }
  await Deno.remove(path);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true));
    // Another user's socket cannot be connected to, but somebody owns it.
    socket.once("error", (error) => {
      resolve("code" in error && error.code === "EACCES");
    });
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
