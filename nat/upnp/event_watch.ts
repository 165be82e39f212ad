/**
 * Hears from the router when its address outside or its list of forwarded
 * ports changes (UPnP Device Architecture 1.1, section 4: GENA). What it says is
 * not read: it is asked, by whoever is told that there is something new.
 *
 * ```text
 *   relay                                   router
 *     | SUBSCRIBE, CALLBACK: <http://relay:port/token>
 *     |---------------------------------------->|
 *     |                    SID, how long it lasts |
 *     |<----------------------------------------|
 *     |   NOTIFY /token, SID      (a new connection, from the router)
 *     |<----------------------------------------|
 * ```
 *
 * Where a firewall on this machine lets no connection of the router in, nothing
 * is heard, and checks do without.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { RouterLink } from "../mapping.ts";
import { pause } from "../network.ts";
import { endpoint } from "./description.ts";
import { askHttp, HttpError } from "./http_client.ts";
import { isGateway } from "./local_network.ts";

/** Asked for; routers grant this or less, seconds. */
const LIFETIME = 1800;
/** Between renewals at least, and after a failure, seconds. */
const SHORTEST = 60;
/** Connections at a time. */
const MAX_CONNECTIONS = 4;
/** Between renewals because the router may have started anew, ms. */
const RENEWAL_PAUSE_MS = 1_000;
/** Of one piece of news, bytes. */
const MAX_NEWS = 16 * 1024;
/** For one piece of news to arrive, ms. */
const NEWS_TIMEOUT_MS = 3_000;
/** For leaving, ms. */
const LEAVING_MS = 500;

/** What is needed to hear a router. */
export interface EventWatchOptions {
  readonly link: RouterLink;
  readonly onEvent: () => void;
  readonly signal: AbortSignal;
}

/** Keeps one subscription, for as long as its signal lets it. */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #token = randomBytes(16).toString("hex");
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #events: URL | undefined;
  #id: string | undefined;
  #again = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: EventWatchOptions) {
    this.#options = options;
  }

  /** Hears this service from now on; never waits for it, never throws. */
  follow(events: URL): void {
    if (this.#options.signal.aborted) return;
    if (this.#events?.href === events.href && this.#running) return;
    this.#events = events;
    this.#id = undefined;
    this.#running ??= this.#run();
    this.#again.abort();
  }

  /** The router may have forgotten that somebody listens. */
  renew(): void {
    this.#again.abort();
  }

  /** Resolves when its signal has ended and everything is closed. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    try {
      const port = await this.#listen();
      // No port to listen on: checks do without.
      if (port === undefined) return;
      while (!signal.aborted) {
        this.#again = new AbortController();
        const since = performance.now();
        const seconds = await this.#subscribe(port);
        const woken = this.#again.signal;
        await pause(seconds * 1000, AbortSignal.any([signal, woken]));
        // Anybody can make it seem that the router started anew.
        if (woken.aborted) {
          const early = since + RENEWAL_PAUSE_MS - performance.now();
          await pause(Math.max(early, 0), signal);
        }
      }
      await this.#leave();
    } finally {
      for (const socket of this.#sockets) socket.destroy();
      const server = this.#server;
      if (server?.listening) {
        await new Promise<void>((resolve) => server.close(() => resolve()));
      }
    }
  }

  async #listen(): Promise<number | undefined> {
    const server = createServer((socket) => this.#hear(socket));
    this.#server = server;
    server.listen({ port: 0, host: this.#options.link.localAddress });
    try {
      await once(server, "listening", { signal: this.#options.signal });
    } catch {
      return undefined;
    }
    // An accept that failed ends nothing.
    server.on("error", () => {});
    const address = server.address();
    return typeof address === "string" ? undefined : address?.port;
  }

  /** Subscribes, or renews; how long to wait before the next time, s. */
  async #subscribe(port: number): Promise<number> {
    const { link, signal } = this.#options;
    const events = this.#events;
    if (events === undefined) return SHORTEST;
    const id = this.#id;
    const headers: Record<string, string> = id === undefined
      ? {
        CALLBACK: `<http://${link.localAddress}:${port}/${this.#token}>`,
        NT: "upnp:event",
        TIMEOUT: `Second-${LIFETIME}`,
      }
      : { SID: id, TIMEOUT: `Second-${LIFETIME}` };
    try {
      const { status, head } = await askHttp({
        ...endpoint(events, link),
        method: "SUBSCRIBE",
        headers,
      }, { signal });
      // Another service meanwhile.
      if (this.#events !== events) return 0;
      const granted = /^sid:[ \t]*([!-~]{1,128})[ \t]*\r?$/im.exec(head)?.[1];
      if (status !== 200 || granted === undefined) {
        this.#id = undefined;
        // It knows this subscription no more: a new one, at once.
        return id === undefined ? LIFETIME : 0;
      }
      this.#id = granted;
      const seconds = /^timeout:[ \t]*second-([0-9]{1,9})[ \t]*\r?$/im
        .exec(head)?.[1];
      const half = Number(seconds ?? LIFETIME) / 2;
      return Math.min(Math.max(half, SHORTEST), LIFETIME);
    } catch (error) {
      if (!signal.aborted && !(error instanceof HttpError)) throw error;
      return SHORTEST;
    }
  }

  async #leave(): Promise<void> {
    if (this.#id === undefined || this.#events === undefined) return;
    try {
      await askHttp({
        ...endpoint(this.#events, this.#options.link),
        method: "UNSUBSCRIBE",
        headers: { SID: this.#id },
      }, { signal: AbortSignal.timeout(LEAVING_MS) });
    } catch {
      // It lapses by itself.
    }
  }

  #hear(socket: Socket): void {
    const { link, onEvent, signal } = this.#options;
    const { remoteAddress } = socket;
    socket.on("error", () => socket.destroy());
    const isRouter = remoteAddress !== undefined &&
      isGateway(link, [remoteAddress]);
    if (!isRouter || this.#sockets.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(), NEWS_TIMEOUT_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
    let text = "";
    socket.on("data", (chunk: Uint8Array) => {
      text += new TextDecoder("latin1").decode(chunk);
      if (text.length > MAX_NEWS) {
        socket.destroy();
        return;
      }
      const news = readNews(text, { path: `/${this.#token}` });
      if (news === "incomplete") return;
      const isOurs = news !== "malformed" &&
        (this.#id === undefined || news.id === this.#id);
      const status = isOurs ? "200 OK" : "412 Precondition Failed";
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      // The first one only tells how things are: something may have changed
      // before it.
      if (isOurs && !signal.aborted) onEvent();
    });
  }
}

/** One NOTIFY, of which `text` has come so far. */
export function readNews(
  text: string,
  { path }: { readonly path: string },
):
  | { readonly id: string }
  | "incomplete"
  | "malformed" {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return "incomplete";
  const head = text.slice(0, end + 2);
  if (!head.startsWith(`NOTIFY ${path} HTTP/1.`)) return "malformed";
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*([!-~]{1,128})[ \\t]*\r$`, "im").exec(head)
      ?.[1];
  const id = field("sid");
  const length = field("content-length") ?? "0";
  if (id === undefined || !/^[0-9]{1,5}$/.test(length)) return "malformed";
  if (text.length - end - 4 < Number(length)) return "incomplete";
  return { id };
}
