/**
 * For tests of a core: one on loopback, homes with a real TLS listener behind
 * their tunnel, and clients that dial the leased ports.
 *
 * @module
 */

import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { type Core, startCore } from "../../core/core.ts";
import { checkChain, loadOrCreateIdentity } from "../../relay/identity/mod.ts";
import type { Identity } from "../../relay/identity/mod.ts";
import { createLog } from "../../relay/log.ts";
import {
  type Connection,
  dialTls,
  listenTls,
} from "../../relay/transport/mod.ts";
import { parseCoreAddress } from "../../tunnel/core_address.ts";
import {
  Tunnel,
  type TunnelOptions,
  type TunnelStatus,
} from "../../tunnel/home/mod.ts";

const LEASES = 20;

/** A directory that is gone afterwards, and what lives in it. */
export interface World extends AsyncDisposable {
  readonly directory: string;
  /** What the core has logged. */
  readonly log: readonly string[];
  /** Starts the core, the same one each time. */
  core(...set: string[]): Promise<Core>;
  /** The same, with what keeps one network from taking everything. */
  limitedCore(...set: string[]): Promise<Core>;
  /** Port that the core listens on for relays. */
  readonly port: number;
  readonly dnsPort: number;
  /** Lowest and highest port of leases. */
  readonly leases: { readonly first: number; readonly last: number };
  /** The identity of that name, made where it is new. */
  identity(name: string): Promise<Identity>;
}

/** Makes one. */
export async function makeWorld(): Promise<World> {
  const directory = await Deno.makeTempDir();
  const [port, dnsPort] = [freePort(), freePort()];
  const first = await freeRange();
  const leases = { first, last: first + LEASES - 1 };
  const log: string[] = [];
  const start = (
    set: readonly string[],
    { allowLocal }: { allowLocal: boolean },
  ) =>
    startCore({
      config: loadConfig({
        set: [
          `data.directory=${join(directory, "core")}`,
          "core.domain=relays.test",
          "core.addresses=203.0.113.1",
          `core.ports=${port}`,
          `core.first_relay_port=${leases.first}`,
          `core.last_relay_port=${leases.last}`,
          `core.dns_port=${dnsPort}`,
          "core.dns_addresses=127.0.0.1",
          ...set,
        ],
        env: {},
      }),
      log: createLog({ level: "debug", write: (line) => log.push(line) }),
      allowLocal,
    });
  return {
    directory,
    log,
    port,
    dnsPort,
    leases,
    core: (...set) => start(set, { allowLocal: true }),
    limitedCore: (...set) => start(set, { allowLocal: false }),
    identity: (name) => loadOrCreateIdentity(join(directory, name)),
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** A home: its tunnel and a listener that sends back what it gets. */
export interface EchoHome extends AsyncDisposable {
  readonly tunnel: Tunnel;
  readonly identity: Identity;
  /** What each visitor was announced with. */
  readonly pseudonyms: readonly string[];
  /** Resolves when the status is like that. */
  until(
    test: (status: TunnelStatus) => boolean,
    timeoutMs?: number,
  ): Promise<TunnelStatus>;
}

/** Options of {@link startHome}. */
export type HomeOptions =
  & Partial<Pick<TunnelOptions, "label" | "port" | "pingMs" | "deadMs">>
  & {
    readonly identity: Identity;
    /** Certificates that visitors see, if not its own. */
    readonly shown?: Identity;
    /** Port to dial instead of the core's. */
    readonly dial?: number;
    /** Serves visitors in place of the echo. */
    readonly serve?: (connection: Connection) => Promise<void>;
  };

/** Starts one; it begins to dial. */
export function startHome(
  core: Pick<Core, "address">,
  options: HomeOptions,
): EchoHome {
  const { identity, shown = identity, serve = echo } = options;
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: shown.chainPem, key: shown.keyPem },
    alpn: ["smp/1"],
    onConnection: serve,
  });
  const waiting = new Set<() => void>();
  const pseudonyms: string[] = [];
  const { fingerprint, port } = parseCoreAddress(core.address);
  const tunnel = new Tunnel({
    ...options,
    core: { fingerprint, hosts: ["127.0.0.1"], port: options.dial ?? port },
    software: "test",
    onVisitor(stream, { pseudonym }) {
      pseudonyms.push(pseudonym.toHex());
      const info = { port: 0, peer: pseudonym.toHex() };
      void listener.adopt(stream, info);
    },
    onChange: () => waiting.forEach((check) => check()),
  });
  tunnel.start();
  return {
    tunnel,
    identity,
    pseudonyms,
    until(test, timeoutMs = 10_000) {
      const { promise, resolve, reject } = Promise.withResolvers<
        TunnelStatus
      >();
      const check = () => {
        if (test(tunnel.status)) resolve(tunnel.status);
      };
      const timer = setTimeout(
        () => reject(new Error(`Not in time: ${Deno.inspect(tunnel.status)}`)),
        timeoutMs,
      );
      waiting.add(check);
      check();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(check);
      });
    },
    async [Symbol.asyncDispose]() {
      await tunnel.stop();
      await listener.stop();
    },
  };
}

/** Dials a leased port, and checks who is there. */
export async function visit(
  port: number,
  { fingerprint }: Pick<Identity, "fingerprint">,
): Promise<Connection> {
  const connection = await dialTls("127.0.0.1", port, {
    alpn: ["smp/1"],
    handshakeTimeoutMs: 10_000,
  });
  const fault = checkChain(connection.peerCertificates, fingerprint);
  if (fault === "valid") return connection;
  connection.abort();
  throw new Error(`Somebody else is there: ${fault}`);
}

/** Sends `size` bytes and reads as many back. */
export async function exchange(
  connection: Connection,
  size = 5,
): Promise<boolean> {
  const sent = crypto.getRandomValues(new Uint8Array(Math.min(size, 65536)));
  const received = new Uint8Array(sent.length);
  for (let done = 0; done < size; done += sent.length) {
    connection.write(sent);
    if (!await connection.readFull(received)) return false;
    if (received.some((byte, index) => byte !== sent[index])) return false;
  }
  return true;
}

/** Waits until something is so. */
export async function eventually(
  test: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!await test()) {
    if (performance.now() > end) throw new Error("It never came to be");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const view = await connection.read();
    if (view === undefined) return;
    connection.write(view);
    await connection.drained(65536);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The first of {@link LEASES} ports that nobody uses, as far as can be seen. */
function freeRange(): number {
  for (;;) {
    const first = 12_000 + Math.floor(Math.random() * 18_000);
    try {
      for (let port = first; port < first + LEASES; port++) {
        Deno.listen({ port }).close();
      }
      return first;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
