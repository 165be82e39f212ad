/**
 * The relay: builds its parts, starts and stops them in order.
 *
 * ```text
 * identity ─┐
 * store ────┼─ SMP server ── TLS listener
 * config ───┘      └─ statistics ── recorder
 * ```
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { startBackups } from "./backups.ts";
import { configuredIdentity } from "./configured_identity.ts";
import type { PartStatus } from "./control/mod.ts";
import type { FileServer, FileServerParts } from "./file_server.ts";
import { Health } from "./health.ts";
import type { Log } from "./log.ts";
import { startOnion } from "./onion/mod.ts";
import { onionPorts } from "./onion_ports.ts";
import { metricsText, ownerControl } from "./owner.ts";
import { relayPages, servePagesHttp1, servePagesHttp2 } from "./pages/mod.ts";
import { callbackAnswerer, startPath } from "./path.ts";
import { appProtocols, protocolOf } from "./protocols.ts";
import { proxyOptions } from "./proxy_options.ts";
import { recorderOptions } from "./recorder_options.ts";
import { type Relay, RunningRelay } from "./running_relay.ts";
import { Share } from "./share/mod.ts";
import { startSharing } from "./sharing.ts";
import { SmpServer } from "./smp/mod.ts";
import { smpOptions } from "./smp_options.ts";
import {
  CachedCounts,
  Durations,
  Lateness,
  Recorder,
  Statistics,
} from "./stats/mod.ts";
import {
  openSqliteStore,
  type SqliteStoreOptions,
  type Store,
} from "./store/mod.ts";
import { listenTls, type TlsListener } from "./transport/mod.ts";
import { listenOn, RelayTunnel } from "./tunnel.ts";
import { type LeasedName, WebCertificate } from "./web_certificate.ts";

export type { QueueControl, Relay } from "./running_relay.ts";

/** What a relay is made of. */
export interface RelayOptions {
  readonly config: Config;
  readonly log: Log;
  /** Where the settings are, for backups; else in the data directory. */
  readonly settingsFile?: string;
  /** How the store behaves: slow or full disks for tests and benchmarks. */
  readonly store?: Omit<SqliteStoreOptions, "dir">;
  /** What else its status tells, such as how updates stand. */
  readonly parts?: readonly (() => PartStatus | undefined)[];
}

const BLOCK = 16384;

/**
 * Starts a relay on what is in its data directory, and makes what is missing.
 *
 * @throws {IdentityError} when the certificates are damaged
 * @throws {StoreError} when the database cannot be used
 * @throws {TlsError} when OpenSSL is missing or a port is taken
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { config, log } = options;
  const directory = config.data.directory;
  const identity = await configuredIdentity(config, { create: true });
  const health = new Health(log);
  await using started = new AsyncDisposableStack();
  const store = started.use(
    await openSqliteStore({ ...options.store, dir: directory }),
  );
  const statistics = new Statistics();
  const counts = new CachedCounts(() => store.counts());
  const stored = () => counts.get();
  const lateness = new Lateness();
  started.defer(() => lateness.stop());
  const commits = commitTimes(store, health);
  // It stops after the SMP server, whose last counts it saves.
  const recorder = started.use(
    new Recorder(recorderOptions(config, {
      statistics,
      stored,
      health,
      metrics: () => metricsText(parts()),
    })),
  );
  const onError = (error: unknown) => health.report(error);
  // It stops after the servers, whose last traffic it counts.
  const share = started.use(await Share.open({ config, onError }));
  const smp = started.use(
    new SmpServer({
      identity,
      store,
      statistics,
      stored,
      options: smpOptions(config, share),
      proxy: proxyOptions({
        config,
        identity,
        listening: () => listener.addresses,
      }),
      onError: (error) => health.report(error),
    }),
  );
  countFailures(store, health);
  await smp.start();
  const pages = relayPages(config);
  const fileServer = config.xftp.enabled
    ? await startFiles({
      config,
      identity,
      store,
      log,
      health,
      share,
      pages,
    }, started)
    : undefined;
  const tunnel = await RelayTunnel.from({ config, identity, health });
  // It stops after the listener, whose visitors then have left.
  if (tunnel !== undefined) started.use(tunnel);
  const answerer = callbackAnswerer(config, identity);
  if (answerer !== undefined) started.use(answerer);
  const web = new WebCertificate({
    config,
    health,
    leased: () => leasedName(tunnel),
  });
  const startedAt = Date.now();
  const parts = () => ({
    config,
    identity,
    store,
    smp,
    fileServer,
    listener,
    health,
    statistics,
    stored,
    lateness,
    commits,
    startedAt,
  });
  // No wait between this and the listener: its clocks ask for the parts.
  await recorder.start();
  const listener: TlsListener = started.use(
    listenTls({
      addresses: listenAddresses(config.listen),
      credentials: { certificates: identity.chainPem, key: identity.keyPem },
      alpn: appProtocols(config),
      requestClientCertificate: config.tls.askClientCertificate,
      maxConnections: config.limits.connections,
      maxHandshakes: config.limits.handshakes,
      handshakeTimeoutMs: config.limits.tlsHandshakeTimeoutMs,
      // The answers to one full block still fit when a client stops reading.
      maxBuffered: config.limits.outputPerConnectionBytes + 256 * BLOCK,
      onConnection: async (accepted, { peer }) => {
        const { protocol, connection } = await protocolOf(accepted, {
          files: fileServer !== undefined,
          web: web.isThere,
        });
        switch (protocol) {
          case "smp":
            return await smp.serve(connection);
          case "xftp":
            return await fileServer?.server.serve(connection);
          case "callback":
            return await answerer?.serve(connection, peer);
          case "http1":
            return await servePagesHttp1(connection, { pages, onError });
          case "http2":
            return await servePagesHttp2(connection, { pages, onError });
        }
      },
      onHandlerError: (error) => health.report(error),
    }),
  );
  started.use(web);
  await web.start(listener);
  health.add(() => web.part());
  // Until there is a path to tell.
  let tellOnion = () => {};
  const onion = started.use(
    await startOnion(config, {
      ports: onionPorts(config, listener.addresses),
      log,
      onChange: (problem) => {
        health.set("onion", problem);
        tellOnion();
      },
    }),
  );
  const path = started.use(startPath({
    config,
    identity,
    addresses: listener.addresses,
    onAdvertise: (hosts) =>
      onion.usePorts(
        onionPorts(config, listener.addresses, hosts.map(({ port }) => port)),
      ),
    onState: () => tunnel?.onPath(),
    onError: (error) => health.report(error),
    core: tunnel?.callbackServer,
    lease: tunnel?.lease,
  }));
  tellOnion = () => path.useOnion(onion.isPublished ? onion.host() : undefined);
  tellOnion();
  health.add(() => path.part());
  for (const part of options.parts ?? []) health.add(part);
  if (tunnel !== undefined) {
    if (tunnel.lease) listenOn(tunnel.lease.port, { listener, health });
    tunnel.start({ listener, path });
    health.add(() => tunnel.part());
  }
  started.use(startBackups({
    config,
    identity,
    health,
    settingsFile: options.settingsFile,
    save: () => ownerControl({ ...parts(), recorder }).save(),
  }));
  const running = new RunningRelay(
    { ...parts(), recorder, onion, path, web },
    { stop: () => all.disposeAsync() },
  );
  await startSharing({
    ...parts(),
    share,
    addresses: () => running.reachedAddresses(),
  }, started);
  const all = started.move();
  return running;
}

/** Bounds of the times that the disk takes, in seconds. */
const COMMIT_BOUNDS = [
  0.001,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  5,
];

/** Watches how long the disk takes, and that it works. */
function commitTimes(store: Store, health: Health): Durations {
  const commits = new Durations(COMMIT_BOUNDS);
  store.onCommit = (durationMs) => {
    commits.add(durationMs / 1000);
    health.committed();
  };
  return commits;
}

/** Counts failures, beside who is told of them already. */
function countFailures(store: Store, health: Health): void {
  const { onFailure } = store;
  store.onFailure = (error) => {
    health.commitFailed();
    onFailure?.(error);
  };
}

/** What serves files is loaded only where they are kept. */
async function startFiles(
  parts: FileServerParts,
  started: AsyncDisposableStack,
): Promise<FileServer> {
  const { startFileServer } = await import("./file_server.ts");
  return await startFileServer(parts, started);
}

/** The name that the core has given, if it has. */
function leasedName(tunnel: RelayTunnel | undefined): LeasedName | undefined {
  const { lease } = tunnel ?? {};
  if (tunnel === undefined || lease === undefined) return undefined;
  return {
    name: lease.name,
    setText: (name, values) => tunnel.setText(name, values),
  };
}

/** Both of the default addresses together are whatever this machine has. */
function listenAddresses({ addresses, ports }: Config["listen"]) {
  const everywhere = addresses.includes("[::]") &&
    addresses.includes("0.0.0.0");
  return ports.flatMap((port) =>
    everywhere ? [{ port }] : addresses.map((address) => ({
      hostname: address.replace(/^\[(.*)\]$/, "$1"),
      port,
    }))
  );
}
