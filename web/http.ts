/**
 * HTTP/1.1 for a few browsers of the same network: whoever is not of it is
 * closed at once, and nobody can use up the relay's connections.
 *
 * `Deno.serve` has no bounds and no timeouts of its own; `node:http` tells of
 * each connection.
 *
 * @module
 */

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { peerGroup } from "./local_network.ts";

/** Connections at a time, of all and of one machine. */
const MAX_CONNECTIONS = 128;
const MAX_PER_PEER = 32;
/** A connection on which nothing moves for so long is closed, in ms. */
const IDLE_MS = 30_000;
/** The first head of a connection has to be there in this time, in ms. */
const FIRST_MS = 10_000;
/** Time for the answers under way when it stops, in ms. */
const GRACE_MS = 300;

/** How to listen and answer. */
export interface ServeHttpOptions {
  readonly hostname: string;
  readonly port: number;
  /** Whether this machine is answered at all. */
  readonly isWelcome: (address: string) => boolean;
  readonly answer: (
    request: Request,
    peer: string,
  ) => Response | Promise<Response>;
  readonly onError: (error: unknown) => void;
  /** {@link IDLE_MS} and {@link FIRST_MS}, for tests. */
  readonly idleMs?: number;
  readonly firstMs?: number;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Listens.
 *
 * @throws the system's error when it cannot
 */
export async function serveHttp(
  options: ServeHttpOptions,
): Promise<HttpServer> {
  const server = createServer(
    (incoming, outgoing) => void respond(incoming, outgoing, options),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.keepAliveTimeout = options.idleMs ?? IDLE_MS;
  const sockets = watchSockets(server, options);
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.hostname, () => {
      server.off("error", reject);
      server.on("error", options.onError);
      resolve();
    });
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null
    ? address.port
    : options.port;
  return { port, stop: () => stop(server, sockets) };
}

function watchSockets(
  server: Server,
  { isWelcome, idleMs = IDLE_MS, firstMs = FIRST_MS }: ServeHttpOptions,
): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  const ofPeer = new Map<string, number>();
  const timers = new WeakMap<Socket, ReturnType<typeof setTimeout>>();
  server.on("request", ({ socket }) => clearTimeout(timers.get(socket)));
  server.on("connection", (socket: Socket) => {
    const { remoteAddress = "" } = socket;
    const peer = peerGroup(remoteAddress);
    const count = ofPeer.get(peer) ?? 0;
    socket.on("error", () => {/* It is closed then. */});
    if (!isWelcome(remoteAddress) || count >= MAX_PER_PEER) {
      socket.destroy();
      return;
    }
    open.add(socket);
    ofPeer.set(peer, count + 1);
    socket.setTimeout(idleMs, () => socket.destroy());
    timers.set(socket, setTimeout(() => socket.destroy(), firstMs));
    socket.once("close", () => {
      clearTimeout(timers.get(socket));
      open.delete(socket);
      const left = (ofPeer.get(peer) ?? 1) - 1;
      if (left > 0) ofPeer.set(peer, left);
      else ofPeer.delete(peer);
    });
  });
  return open;
}

async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { answer, onError, idleMs = IDLE_MS }: ServeHttpOptions,
): Promise<void> {
  // A backup is made while nothing moves.
  incoming.socket.setTimeout(0);
  let response: Response;
  try {
    const peer = incoming.socket.remoteAddress ?? "";
    response = await answer(requestOf(incoming), peer);
  } catch (error) {
    // The browser is gone, with half of what it had to say.
    if (incoming.socket.destroyed) return;
    onError(error);
    response = new Response("The relay's log says why.\n", { status: 500 });
  }
  try {
    incoming.socket.setTimeout(idleMs);
    outgoing.statusCode = response.status;
    for (const [name, value] of response.headers) {
      if (name !== "set-cookie") outgoing.setHeader(name, value);
    }
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
    if (response.body === null || incoming.method === "HEAD") {
      await response.body?.cancel();
      outgoing.end();
    } else await pipeline(Readable.fromWeb(response.body), outgoing);
  } catch {
    // The browser is gone.
    outgoing.destroy();
  }
}

/** @throws {TypeError} where it is no proper request */
function requestOf(incoming: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const { method = "GET", url = "/" } = incoming;
  // The host of the URL is of no use: the guard looks at the header.
  const path = url.startsWith("/") ? url : "/";
  const body = method === "POST" ? Readable.toWeb(incoming) : undefined;
  return new Request(new URL(`http://page${path}`), { method, headers, body });
}

async function stop(
  server: Server,
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, GRACE_MS);
  await closed;
  clearTimeout(timer);
}
