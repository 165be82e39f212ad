/**
 * What a directory does with thousands of relays, and what it costs.
 *
 * ```text
 * deno task bench --only directory
 * ```
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  DirectoryClient,
  signDescriptor,
  type Signing,
} from "../directory/mod.ts";
import {
  connectHttp1,
  HTTP1_ALPN,
  type Http1Client,
} from "../relay/http1/mod.ts";
import { type Identity, parseFingerprint } from "../relay/identity/mod.ts";
import { identityInMemory } from "../relay/identity/testing_identity.ts";
import { dialTls } from "../relay/transport/mod.ts";
import type { CoreAddress } from "../tunnel/core_address.ts";
import type { Table } from "./table.ts";

/** How much is measured. */
export interface DirectoryPlan {
  readonly relays: number;
  readonly seconds: number;
}

const COLUMN = "porchlight";
const CLIENTS = 16;
/** Heartbeats a second of 10,000 relays that report every 5 minutes. */
const RATE = 33;
/** Requests that a directory takes on one connection. */
const REQUESTS = 200;

interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Measures and adds the figures to the table. */
export async function measureDirectory(
  table: Table,
  { relays: count, seconds }: DirectoryPlan,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "porchlight-bench-" });
  try {
    await using directory = await DirectoryProcess.start(folder);
    const add = (what: string, value: number) => table.add(what, value, COLUMN);
    const addLoad = (what: string, load: Load) => {
      add(`directory, ${what}: per second`, load.perSecond);
      add(`directory, ${what}: p50, ms`, load.p50);
      add(`directory, ${what}: p99, ms`, load.p99);
    };
    const empty = await directory.order("usage");
    add("directory, empty: RSS, MB", empty.rss / 1e6);

    const relays = Array.from({ length: count }, (_, at) => new Relay(at));
    const { address } = directory;
    addLoad(
      "registrations, with their two requests",
      await load(address, {
        until: count,
        open: openClient,
        act: (client, turn) => relays[turn].register(client),
      }),
    );
    const before = await directory.order("usage");
    addLoad(
      "heartbeats on kept connections",
      await load(address, {
        seconds,
        open: openClient,
        act: (client, turn) => relays[turn % count].heartbeat(client),
      }),
    );
    const busy = await directory.order("usage");
    add(
      "directory, while busy: CPUs used",
      (busy.cpuMs - before.cpuMs) / (seconds * 1000),
    );
    addLoad(
      "heartbeats on new connections",
      await load(address, {
        seconds,
        fresh: true,
        open: openClient,
        act: (client, turn) => relays[turn % count].heartbeat(client),
      }),
    );
    const filled = await directory.order("fill");
    add("directory, 90 days of probes noted: s", filled.ms / 1000);
    const flushed = await directory.order("flush");
    add("directory, all relays written: ms", flushed.ms);
    addLoad(
      "queries",
      // Without checking signatures, which would be the client's time.
      await load(address, {
        seconds,
        open: openHttp,
        act: async (http) => {
          const { status, body } = await http.request({
            method: "GET",
            target: "/v1/relays?role=smp&min_score=50",
          });
          if (status !== 200 || body.length < 8000) throw new Error("Too few");
        },
      }),
    );
    addLoad(
      "histories",
      await load(address, {
        seconds,
        open: openClient,
        act: (client, turn) => relays[turn % count].history(client),
      }),
    );
    const idle = await directory.order("usage");
    addLoad(
      `heartbeats on new connections, ${RATE} a second`,
      await load(address, {
        seconds,
        fresh: true,
        rate: RATE,
        open: openClient,
        act: (client, turn) => relays[turn % count].heartbeat(client),
      }),
    );
    const after = await directory.order("usage");
    add(
      `directory, ${RATE} heartbeats a second: CPUs used`,
      (after.cpuMs - idle.cpuMs) / (seconds * 1000),
    );
    const since = performance.now();
    const { relays: synced, bytes } = await syncAll(address);
    add(
      "directory, all relays to another directory: s",
      (performance.now() - since) / 1000,
    );
    add("directory, all relays to another directory: MB", bytes / 1e6);
    if (synced !== count) throw new Error(`${synced} of ${count} were told`);
    const written = await directory.order("flush");
    add("directory, what is new written: ms", written.ms);
    const used = await directory.order("usage");
    add(`directory, ${count} relays: RSS, MB`, used.rss / 1e6);
    add(`directory, ${count} relays, 90 days: disk, MB`, used.disk / 1e6);
    add(`directory, ${count} relays: log of the database, MB`, used.log / 1e6);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A relay that is only its words. */
class Relay {
  readonly #identity: Identity = identityInMemory();
  readonly #instance = crypto.getRandomValues(new Uint8Array(8));
  readonly #number: number;
  #sequence = 0;

  constructor(number: number) {
    this.#number = number;
  }

  async register(client: DirectoryClient): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    const { fingerprint } = this.#identity;
    const [a, b] = [this.#number >> 8, this.#number & 255];
    const descriptor = signDescriptor({
      fingerprint,
      sequence: 1,
      notBefore: now,
      notAfter: now + 7 * 86_400,
      addresses: [
        { scheme: "smp", hosts: [`100.${a}.${b}.1`], port: 5223 },
        { scheme: "xftp", hosts: [`100.${a}.${b}.1`], port: 5223 },
      ],
      roles: ["smp", "xftp", "proxy"],
      open: true,
      full: false,
      software: "porchlight 0.1.0",
      limits: { messagesPerQueue: 128, fileBytes: 10_000_000_000 },
      region: ["Europe", "Asia", "America"][this.#number % 3],
      contact: `relay-${this.#number}@example.org`,
    }, this.#identity);
    await client.register(descriptor, this.#signing());
  }

  async heartbeat(client: DirectoryClient): Promise<void> {
    const numbers = { messages: 1000, queues: 64, clients: 8 };
    await client.heartbeat({ full: false, numbers }, this.#signing());
  }

  async history(client: DirectoryClient): Promise<void> {
    await client.history(this.#identity.fingerprint);
  }

  #signing(): Signing {
    return {
      identity: this.#identity,
      instance: this.#instance,
      sequence: ++this.#sequence,
    };
  }
}

/** Does `act` with many clients, each as soon as it can, or at a rate. */
async function load<Client extends AsyncDisposable>(
  address: CoreAddress,
  { act, open, seconds = Infinity, until = Infinity, rate, fresh = false }: {
    act: (client: Client, turn: number) => Promise<void>;
    open: (address: CoreAddress) => Client | Promise<Client>;
    seconds?: number;
    until?: number;
    /** All together, a second. */
    rate?: number;
    /** A new connection each time. */
    fresh?: boolean;
  },
): Promise<Load> {
  const times: number[] = [];
  const since = performance.now();
  const end = since + seconds * 1000;
  let turn = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    let client = await open(address);
    let asked = 0;
    while (turn < until && performance.now() < end) {
      const mine = turn++;
      const at = rate === undefined ? 0 : since + mine * 1000 / rate;
      const pause = at - performance.now();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      const begun = performance.now();
      await act(client, mine);
      times.push(performance.now() - begun);
      if (!fresh && ++asked % REQUESTS !== 0) continue;
      await client[Symbol.asyncDispose]();
      client = await open(address);
    }
    await client[Symbol.asyncDispose]();
  }));
  const took = performance.now() - since;
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)];
  return { perSecond: times.length / took * 1000, p50: at(0.5), p99: at(0.99) };
}

function openClient(address: CoreAddress): DirectoryClient {
  return new DirectoryClient(address);
}

async function openHttp({ hosts, port }: CoreAddress): Promise<Http1Client> {
  const [host] = hosts;
  const connection = await dialTls(host, port, { alpn: [HTTP1_ALPN] });
  return connectHttp1(connection, { host });
}

async function syncAll(address: CoreAddress) {
  await using client = new DirectoryClient(address);
  let [relays, bytes, cursor] = [0, 0, ""];
  for (;;) {
    const page = await client.sync(cursor);
    relays += page.relays.length;
    bytes += JSON.stringify(page).length;
    cursor = page.cursor;
    if (!page.more) return { relays, bytes };
  }
}

/** A directory that runs elsewhere. */
class DirectoryProcess implements AsyncDisposable {
  readonly address: CoreAddress;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(
    child: Deno.ChildProcess,
    lines: AsyncIterator<string>,
    address: CoreAddress,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.#orders = child.stdin.getWriter();
    this.address = address;
  }

  static async start(folder: string): Promise<DirectoryProcess> {
    const script = fileURLToPath(
      new URL("directory_process.ts", import.meta.url),
    );
    const child = new Deno.Command(process.execPath, {
      args: [
        ...["run", "-A", "--v8-flags=--max-semi-space-size=4"],
        script,
        folder,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = linesOf(child.stdout);
    const first = await lines.next();
    const { port, fingerprint } = JSON.parse(first.value ?? "{}");
    const bytes = parseFingerprint(String(fingerprint));
    if (bytes === undefined) throw new Error("The directory did not start");
    const address = { fingerprint: bytes, hosts: ["127.0.0.1"], port };
    return new DirectoryProcess(child, lines, address);
  }

  async order(order: string): Promise<Record<string, number>> {
    await this.#orders.write(new TextEncoder().encode(`${order}\n`));
    const line = await this.#lines.next();
    return JSON.parse(line.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#orders.close();
    await this.#child.status;
    await this.#lines.return?.();
  }
}

async function* linesOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string, string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
  return "{}";
}
