/**
 * The core: builds its parts, starts and stops them in order.
 *
 * ```text
 * identity ── TLS listener ─┬─ links of homes ─┬─ homes ─┬─ visitors' ports
 *                           └─ call-backs      │         └─ names ── DNS
 *                              leases ─────────┘
 * ```
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import { join } from "node:path";
import { CALLBACK_ALPN, CallbackAnswerer, dialBack } from "../callback/mod.ts";
import type { Config } from "../config/mod.ts";
import { type Directory, DirectoryPages } from "../directory/mod.ts";
import { formatAddress, isPublic, parseAddress } from "../nat/mod.ts";
import { configuredIdentity } from "../relay/configured_identity.ts";
import { HTTP1_ALPN } from "../relay/http1/mod.ts";
import type { Identity } from "../relay/identity/mod.ts";
import type { Log } from "../relay/log.ts";
import { machineHosts } from "../relay/machine_hosts.ts";
import { listenTls, type TlsListener } from "../relay/transport/mod.ts";
import { VERSION } from "../relay/version.ts";
import { formatCoreAddress } from "../tunnel/core_address.ts";
import { TUNNEL_ALPN } from "../tunnel/protocol/mod.ts";
import type { RelayAnswer } from "./control.ts";
import { openDirectory } from "./directory.ts";
import { CoreError } from "./errors.ts";
import { Homes, NetworkShare, parsePrefix6 } from "./homes/mod.ts";
import { type LeaseBookOptions, SqliteLeaseBook } from "./leases/mod.ts";
import { serveCoreMetrics } from "./metrics.ts";
import { DnsServer, NameTable } from "./names/mod.ts";
import { serveWeb, webCredentials } from "./web.ts";

/** What a core is made of. */
export interface CoreOptions {
  readonly config: Config;
  readonly log: Log;
  /**
   * Call back into private networks as well, and take any number of relays from
   * one network: for tests.
   */
  readonly allowLocal?: boolean;
}

/** A running core. */
export interface Core extends AsyncDisposable {
  readonly identity: Identity;
  /** What relays are given to find it. */
  readonly address: string;
  /** Where it listens for relays, with actual ports. */
  readonly ports: readonly number[];
  /** Where it answers DNS; `undefined` when it does not. */
  readonly dnsPort: number | undefined;
  /** The domain of its names, its servers' names and its addresses. */
  readonly domain: string;
  readonly nameServers: readonly string[];
  readonly addresses: readonly string[];
  /** All relays with a lease, without a word about where they are. */
  relays(): RelayAnswer[];
  /** The relays that it lists; `undefined` when it keeps no directory. */
  readonly directory: Directory | undefined;
  /** Numbers about what it does, by name. */
  counts(): Record<string, number>;
  /** Where its metrics are; `undefined` when they are served nowhere. */
  readonly metricsUrl: string | undefined;
  /** Shuts a relay out by its label, or lets it in again. */
  ban(label: string, banned: boolean): boolean;
  /** Ends links in good order, then everything. */
  stop(): Promise<void>;
}

/** Links that may be greeted at a time. */
const MAX_HANDSHAKES = 2_000;
/** Bytes for a home's TCP above which its link is lost. */
const MAX_BUFFERED = 1024 * 1024;
/**
 * Web clients of one network at a time: many homes may share an address, and
 * nobody shall take the places of all links.
 */
const MAX_WEB_OF_NETWORK = 512;
/** Port of connections that come inside another. */
const INSIDE = 0;
/** Time for visitors to finish when the core stops, ms. */
const DRAIN_MS = 3_000;

/**
 * Starts a core on what is in its data directory, and makes what is missing.
 *
 * @throws {CoreError} when a setting is missing or a port is taken
 * @throws {IdentityError} when the certificates are damaged
 * @throws {TlsError} when OpenSSL is missing or a port is taken
 */
export async function startCore(options: CoreOptions): Promise<Core> {
  const { config, log } = options;
  const { core } = config;
  const domain = checkedDomain(config);
  checkPrefix(config);
  const addresses = publicAddresses(config);
  const identity = await configuredIdentity(config, { create: true });
  await using started = new AsyncDisposableStack();
  const names = new NameTable();
  const leases = started.use(openLeases(config, {
    onExpired: ({ label }) => void homes.forget(label),
    onChanged: (lease) => homes.update(lease),
  }));
  const callbacks = started.use(
    new CallbackAnswerer({
      fingerprint: identity.fingerprint,
      allowLocal: options.allowLocal,
    }),
  );
  const homes: Homes = started.use(
    new Homes({
      config,
      domain,
      addresses,
      leases,
      names,
      log,
      software: `porchlight ${VERSION}`,
      unlimited: options.allowLocal,
      callBack: async (address, home, signal) => {
        if (!options.allowLocal && !isPublic(address)) return "not public";
        return await dialBack(address, { ...home, signal }) ?? "timeout";
      },
    }),
  );
  const dns = core.dnsPort === 0 ? undefined : started.use(
    new DnsServer({
      domain,
      names,
      addresses,
      nameServers: core.nameServers,
      listen: core.dnsAddresses.map((hostname) => ({
        hostname: bare(hostname),
        port: core.dnsPort,
      })),
      onError: (error) => log.error("Answering DNS failed", error),
    }),
  );
  await dns?.start().catch((cause) => {
    throw new CoreError(dnsFault(cause, config), { cause });
  });
  homes.start();
  const directory = openDirectory(config, {
    identity,
    log,
    allowLocal: options.allowLocal,
  });
  if (directory !== undefined) started.use(directory);
  const pages = directory && new DirectoryPages({
    directory,
    facts: () => ({
      name: domain,
      address: address(),
      contact: config.directory.contact || undefined,
      software: `Porchlight ${VERSION}`,
    }),
    onError: (error) => log.error("A page of the directory fails", error),
  });
  const webShare = new NetworkShare(
    options.allowLocal ? Infinity : MAX_WEB_OF_NETWORK,
  );
  const listener: TlsListener = started.use(listenTls({
    addresses: core.ports.map((port) => ({ port })),
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: [TUNNEL_ALPN, CALLBACK_ALPN, HTTP1_ALPN],
    requestClientCertificate: true,
    web: await webCredentials(config, identity),
    // Call-backs and newcomers find room beside all links.
    // A link over WebSocket counts twice.
    maxConnections: 2 * core.links + MAX_HANDSHAKES,
    maxHandshakes: MAX_HANDSHAKES,
    maxBuffered: MAX_BUFFERED,
    onConnection(connection, { port, peer }) {
      const address = parseAddress(peer);
      const source = address === undefined ? peer : formatAddress(address);
      switch (connection.alpn) {
        case TUNNEL_ALPN:
          return homes.serve(connection, source);
        case CALLBACK_ALPN:
          return callbacks.serve(connection, source);
      }
      // Inside a WebSocket there is no other.
      if (port === INSIDE) return;
      const leave = webShare.take(source);
      if (leave === undefined) return;
      return serveWeb(connection, {
        api: (request) =>
          directory?.handlerFor(source)(request) ??
            pages?.handle(request, source),
        adopt: (stream) => listener.adopt(stream, { port: INSIDE, peer }),
        onError: (error) => log.error("Answering a web client failed", error),
      }).finally(leave);
    },
    onHandlerError: (error) => log.error("Serving a relay failed", error),
  }));
  const address = () =>
    formatCoreAddress({
      fingerprint: identity.fingerprint,
      hosts: [domain],
      port: ports[0],
    });
  const ports = [...new Set(listener.addresses.map(({ port }) => port))];
  directory?.start();
  const counts = () => ({
    ...homes.counts(),
    leases: leases.list().length,
    callbacks: callbacks.counts.answered,
    connections: listener.stats().open,
    ...dns?.counts(),
    ...directory?.counts(),
  });
  const metrics = serveCoreMetrics(config, { counts, log });
  started.defer(() => metrics?.stop());
  const running = started.move();
  let stopping: Promise<void> | undefined;
  const stop = () =>
    stopping ??= homes.drain(DRAIN_MS).then(() => running.disposeAsync());
  return {
    identity,
    address: address(),
    ports,
    dnsPort: dns?.port,
    domain,
    nameServers: core.nameServers,
    addresses,
    relays: () =>
      homes.list().map(({ lease, links, name }) => ({
        label: lease.label,
        port: lease.port,
        standing: lease.standing,
        since: dayText(lease.sinceDay),
        seen: dayText(lease.seenDay),
        links,
        name,
      })),
    counts,
    metricsUrl: metrics?.url,
    directory,
    ban: (label, banned) => leases.ban(label, banned),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function checkPrefix({ core }: Config): void {
  if (core.ipv6Prefix !== "" && parsePrefix6(core.ipv6Prefix) === undefined) {
    throw new CoreError(
      `core.ipv6_prefix is "${core.ipv6Prefix}", which is no IPv6 prefix of at most 112 bits, such as 2001:db8:1:2::/64.`,
    );
  }
}

function checkedDomain({ core }: Config): string {
  if (core.domain !== "") return core.domain;
  throw new CoreError(
    "A core needs a domain for the names of its relays. Say which: porchlight core --domain relays.example.org",
  );
}

/** @throws {CoreError} */
function publicAddresses({ core }: Config): string[] {
  const wrong = core.addresses.find((each) => !isIPv4(each) && !isIPv6(each));
  if (wrong !== undefined) {
    throw new CoreError(
      `core.addresses holds "${wrong}", which is no IP address. Names point to addresses, so it needs those.`,
    );
  }
  if (core.addresses.length > 0) return [...core.addresses];
  const found = machineHosts().filter(isPublic);
  if (found.some(isIPv4)) return found;
  throw new CoreError(
    'This machine has no public IPv4 address of its own. If the Internet reaches it all the same, say under which address: porchlight core --set core.addresses=["203.0.113.7"]',
  );
}

function openLeases(
  { core, data }: Config,
  hooks: Pick<LeaseBookOptions, "onExpired" | "onChanged">,
): SqliteLeaseBook {
  if (core.lastRelayPort < core.firstRelayPort) {
    throw new CoreError(
      "core.last_relay_port is lower than core.first_relay_port.",
    );
  }
  return new SqliteLeaseBook({
    path: join(data.directory, "leases.db"),
    ports: { first: core.firstRelayPort, last: core.lastRelayPort },
    open: core.newRelays,
    invitation: core.invitation || undefined,
    ...hooks,
  });
}

/** What keeps DNS from being answered, and what to do. */
function dnsFault(cause: unknown, { core }: Config): string {
  const { dnsPort } = core;
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  if (cause instanceof Deno.errors.PermissionDenied || code === "EACCES") {
    return `Cannot answer DNS on port ${dnsPort}: ports below 1024 need a permission. Under systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE. By hand: run it as root.`;
  }
  if (cause instanceof Deno.errors.AddrInUse || code === "EADDRINUSE") {
    return `Cannot answer DNS on port ${dnsPort}: another program does, often systemd-resolved or dnsmasq for this machine only. Then name the public addresses, so that both have room: porchlight core --set 'core.dns_addresses=["203.0.113.7"]'`;
  }
  return `Cannot answer DNS on port ${dnsPort} of ${
    core.dnsAddresses.join(", ")
  }: ${cause instanceof Error ? cause.message : cause}`;
}

/** A count of days since 1970 as "2026-11-20". */
function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function bare(address: string): string {
  return address.replace(/^\[(.*)\]$/, "$1");
}
