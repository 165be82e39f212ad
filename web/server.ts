/**
 * The page over HTTP.
 *
 * @module
 */

import { join } from "node:path";
import type { Config, LoadOptions } from "../config/mod.ts";
import type { Log } from "../relay/log.ts";
import { type WebApp, webApp } from "./app.tsx";
import { Attempts } from "./attempts.ts";
import { Checkup } from "./checkup.ts";
import { Contribution } from "./contribution.ts";
import { type HttpServer, serveHttp } from "./http.ts";
import { type Interface, isLocalPeer } from "./local_network.ts";
import { OwnerPassword } from "./owner_password.ts";
import { viewCounts } from "./relay_view.ts";
import { TEMPORARY } from "./routes/backup.tsx";
import { Sessions } from "./sessions.ts";
import { SettingsFile } from "./settings_file.ts";

/** What each day is counted in, in the data directory. */
const CONTRIBUTION_FILE = "contribution.json";
/** How often the relay is asked what it did, in ms. */
const SAMPLE_MS = 5 * 60_000;
/** Samples between two writes to the disk: cards wear. */
const SAMPLES_PER_SAVE = 12;

/** How the page is served. */
export interface ServeWebOptions {
  /** The settings that the page is served with. */
  readonly config: Config;
  /** How the settings were loaded, and from where. */
  readonly loadOptions: LoadOptions;
  readonly settingsFile: string;
  readonly log: Log;
  /** For tests: the time, the peer's address, the addresses of this machine. */
  readonly now?: () => number;
  readonly peerOf?: (address: string) => string;
  readonly interfaces?: () => readonly Interface[];
  readonly bootDirectories?: readonly string[];
}

/** The page as it is served. */
export interface WebServer extends AsyncDisposable {
  /** `http://0.0.0.0:8080/` */
  readonly url: string;
  stop(): Promise<void>;
}

/** The page cannot be served; the message says what to do. */
export class WebError extends Error {
  override readonly name = "WebError";
}

/**
 * Serves the page, whether or not the relay runs.
 *
 * @throws {WebError}
 */
export async function serveWeb(options: ServeWebOptions): Promise<WebServer> {
  const { config, log, now } = options;
  const { directory } = config.data;
  await removeLeftBackups(directory);
  const settings = new SettingsFile(options.settingsFile, options.loadOptions);
  const contribution = await Contribution.open(
    join(directory, CONTRIBUTION_FILE),
  );
  const checkup = new Checkup({
    settings: () => settings.current(),
    file: options.settingsFile,
  });
  const stopping = new AbortController();
  const { socket } = config.control;
  const answer = webApp({
    socket,
    settings,
    password: new OwnerPassword(directory, {
      bootDirectories: options.bootDirectories,
    }),
    sessions: new Sessions(now),
    attempts: new Attempts(now),
    contribution,
    checkup,
    log,
    signal: stopping.signal,
    interfaces: options.interfaces ?? Deno.networkInterfaces,
  });
  const server = await listen(answer, options);
  const keep = keeper(contribution, { socket, log });
  let stopped: Promise<void> | undefined;
  const stop = () =>
    stopped ??= (async () => {
      stopping.abort();
      await server.stop();
      await checkup.settled();
      await keep.stop();
    })();
  return {
    url: server.url,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function listen(
  answer: WebApp,
  { config, log, ...options }: ServeWebOptions,
): Promise<HttpServer & { readonly url: string }> {
  const { peerOf = (address) => address } = options;
  const interfaces = options.interfaces ?? Deno.networkInterfaces;
  const { address } = config.web;
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon);
  try {
    const server = await serveHttp({
      hostname: host.replace(/^\[(.*)\]$/, "$1"),
      port: Number(address.slice(colon + 1)),
      isWelcome: (peer) => isLocalPeer(peer, interfaces()),
      answer: (request, peer) => answer(request, peerOf(peer)),
      onError: (error) => log.error("The page fails", error),
    });
    return { ...server, url: `http://${host}:${server.port}/` };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "";
    const reason = code === "EADDRINUSE"
      ? "another program has it"
      : code === "EACCES"
      ? "this user may not; ports below 1024 need more rights"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw new WebError(
      `The page cannot be served on ${address}: ${reason}. Set web.address to ` +
        "another port.",
      { cause },
    );
  }
}

/** Asks now and then what the relay did, and keeps it. */
function keeper(
  contribution: Contribution,
  { socket, log }: { socket: string; log: Log },
): { stop(): Promise<void> } {
  let samples = 0;
  let running: Promise<void> = Promise.resolve();
  const save = () =>
    contribution.save().catch((error) =>
      log.warn("The page cannot keep what the relay did", error)
    );
  const sample = async () => {
    const counts = await viewCounts(socket);
    if (counts !== undefined) contribution.add(counts);
    if (++samples % SAMPLES_PER_SAVE === 0) await save();
  };
  const timer = setInterval(() => void (running = sample()), SAMPLE_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
      await save();
    },
  };
}

/** Backups whose download a crash has cut off. */
async function removeLeftBackups(directory: string): Promise<void> {
  for await (const { name } of Deno.readDir(directory)) {
    if (TEMPORARY.test(name)) await Deno.remove(join(directory, name));
  }
}
