/**
 * How the world reaches this relay, made from its settings: routers are asked,
 * others call back, and this relay calls others back.
 *
 * @module
 */

import { CallbackAnswerer } from "../callback/mod.ts";
import type { Config } from "../config/mod.ts";
import { natPmpMapper, pcpMapper, upnpMapper } from "../nat/mod.ts";
import {
  type Advertised,
  type Candidate,
  describePath,
  type Lease,
  PATH_KINDS,
  PathManager,
} from "../nat/path/mod.ts";
import type { PartStatus, PathAnswer, PathWay } from "./control/mod.ts";
import type { Identity } from "./identity/mod.ts";
import { parseServerAddress, type RelayAddress } from "./smp/mod.ts";
import type { ListenAddress } from "./transport/mod.ts";

/** What a path is made of. */
export interface PathParts {
  readonly config: Config;
  readonly identity: Identity;
  /** Where the relay listens. */
  readonly addresses: readonly Required<ListenAddress>[];
  /** Told where the world is told to come, whenever that changes. */
  readonly onAdvertise?: (hosts: readonly Advertised[]) => void;
  /** Told whenever something has happened to a way. */
  readonly onState?: () => void;
  readonly onError: (error: unknown) => void;
  /** The core that this relay belongs to: it calls back as well. */
  readonly core?: RelayAddress;
  /** A name and a port for good, if this relay has them already. */
  readonly lease?: Lease;
}

/** The way into a running relay. */
export interface RelayPath extends AsyncDisposable {
  /** What to tell the world, the most useful first. */
  advertised(): readonly Advertised[];
  /** How it is, in words; `undefined` where nobody wants to know. */
  part(): PartStatus | undefined;
  /** All of it, for the control socket. */
  answer(): PathAnswer;
  /** Resolves when it is found out, or after that time. */
  settled(withinMs: number): Promise<void>;
  /** For tunnels and onion services; `undefined` on loopback alone. */
  readonly manager: PathManager | undefined;
  /**
   * From now on the world finds the relay under this name, at this port, on
   * which it listens as well.
   */
  useLease(lease: Lease): Promise<void>;
  /** Tor has the onion service `host` now, or (`undefined`) no more. */
  useOnion(host: string | undefined): void;
}

/** Who answers call-backs, if that is wanted. */
export function callbackAnswerer(
  { path, tls }: Config,
  identity: Identity,
): CallbackAnswerer | undefined {
  if (!path.answerCallbacks || !tls.alpn) return undefined;
  return new CallbackAnswerer({
    fingerprint: identity.fingerprint,
    allowLocal: path.answerLocal,
  });
}

/** Begins to find the way in; does not wait for it. */
export function startPath(parts: PathParts): RelayPath {
  return new ConfiguredPath(parts);
}

function makeManager(
  parts: PathParts,
  { families, lease }: { families: readonly (4 | 6)[]; lease?: Lease },
): PathManager {
  const { config, identity, addresses, core } = parts;
  const { mapPort, externalPort, recheckIntervalMs } = config.path;
  const servers = [
    ...config.path.callbackServers.map(parseServerAddress),
    ...core === undefined ? [] : [core],
  ];
  const port = lease?.port ?? addresses[0].port;
  const manager = new PathManager({
    settings: {
      port,
      manualPort: lease?.port ?? (config.address.port || port),
      mapping: mapPort && families.includes(4),
      callbacks: servers.length > 0,
      recheckMs: recheckIntervalMs,
    },
    families,
    mappers: mapPort ? [pcpMapper(), natPmpMapper(), upnpMapper()] : [],
    externalPort: lease?.port ?? (externalPort || port),
    callbackServers: servers,
    identity,
    onAdvertise: parts.onAdvertise,
    onState: parts.onState,
    onError: parts.onError,
  });
  if (lease !== undefined) manager.on({ type: "lease", lease });
  return manager;
}

/** Families over which others than this machine can come. */
function familiesOf(
  addresses: readonly Required<ListenAddress>[],
): (4 | 6)[] {
  const hosts = addresses.map(({ hostname }) => hostname)
    .filter((host) => !/^127\.|^::1$/.test(host));
  const six = hosts.some((host) => host.includes(":"));
  // All of IPv6 is all of IPv4 too, as Linux comes.
  const four = hosts.some((host) => host === "::" || !host.includes(":"));
  return [...four ? [4 as const] : [], ...six ? [6 as const] : []];
}

class ConfiguredPath implements RelayPath {
  readonly #parts: PathParts;
  readonly #config: Config;
  readonly #families: readonly (4 | 6)[];
  /** Resolves when there is a lease, or none is expected. */
  readonly #leased = Promise.withResolvers<void>();
  #manager: PathManager | undefined;
  #onion: string | undefined;
  #stopped = false;

  constructor(parts: PathParts) {
    const { config, addresses, core, lease } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#families = familiesOf(addresses);
    if (core === undefined || lease !== undefined) this.#leased.resolve();
    const isWanted = this.#families.length > 0 || core !== undefined ||
      config.path.callbackServers.length > 0;
    if (!isWanted) return;
    this.#manager = makeManager(parts, { families: this.#families, lease });
    this.#manager.start();
  }

  get manager(): PathManager | undefined {
    return this.#manager;
  }

  async useLease(lease: Lease): Promise<void> {
    // Another port: what was asked of routers so far is of no use.
    await this.#manager?.stop();
    if (this.#stopped) return;
    this.#manager = makeManager(this.#parts, {
      families: this.#families,
      lease,
    });
    this.#manager.start();
    this.#tellOnion();
    this.#leased.resolve();
  }

  useOnion(host: string | undefined): void {
    if (host === this.#onion) return;
    this.#onion = host;
    this.#tellOnion();
  }

  #tellOnion(): void {
    const { address } = this.#config;
    const port = address.port || this.#parts.addresses[0].port;
    const host = this.#onion;
    this.#manager?.on(
      host === undefined
        ? { type: "onion down" }
        : { type: "onion up", host, port },
    );
  }

  advertised(): readonly Advertised[] {
    return this.manager?.advertised ?? [];
  }

  part(): PartStatus | undefined {
    const words = this.#words();
    if (words === undefined) return undefined;
    const { state, line, remedy } = words;
    return state === "ok"
      ? { name: "path", state, note: line, remedy }
      : { name: "path", state, reason: line, remedy };
  }

  answer(): PathAnswer {
    const { manager } = this;
    const ways = PATH_KINDS.flatMap((kind) => {
      const candidate = manager?.state.candidates[kind];
      return candidate === undefined ? [] : [wayOf(candidate, manager)];
    });
    const words = this.#words();
    return {
      state: words?.state ?? "ok",
      words: words?.line ??
        "Nobody looks how the relay is reached: path.map_port is off.",
      remedy: words?.remedy,
      advertised: this.advertised(),
      ways,
    };
  }

  async settled(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    await Promise.race([this.#leased.promise, promise]);
    clearTimeout(timer);
    await this.manager?.settled(Math.max(0, end - performance.now()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#manager?.stop();
  }

  #words() {
    const { manager } = this;
    if (manager === undefined) return undefined;
    return describePath(manager.state, manager.now, {
      ownHosts: this.#config.address.hosts,
      localAddress: manager.localAddress,
    });
  }
}

function wayOf(
  { kind, state, reason, host, port, checkedAt, ...rest }: Candidate,
  manager: PathManager | undefined,
): PathWay {
  return {
    kind,
    state,
    reason,
    host,
    port: port === 0 ? undefined : port,
    method: rest.method,
    router: rest.router,
    behind: rest.behind,
    checkedSeconds: checkedAt === undefined || manager === undefined
      ? undefined
      : Math.floor((manager.now - checkedAt) / 1000),
  };
}
