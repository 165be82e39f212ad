/**
 * The relay's place at a community's core: a name and a port for good, and the
 * tunnel through which clients come while no other way leads home.
 *
 * @module
 */

import { isIP } from "node:net";
import { dialBack } from "../callback/mod.ts";
import type { Config } from "../config/mod.ts";
import { watchNetwork } from "../nat/mod.ts";
import { chosen, type PathKind } from "../nat/path/mod.ts";
import { type CoreAddress, parseCoreAddress } from "../tunnel/core_address.ts";
import { Tunnel, type TunnelStatus } from "../tunnel/home/mod.ts";
import type { Lease } from "../tunnel/protocol/mod.ts";
import type { PartStatus } from "./control/mod.ts";
import { describeCore } from "./core_words.ts";
import type { Health } from "./health.ts";
import type { Identity } from "./identity/mod.ts";
import { readLease, saveLease } from "./lease_file.ts";
import type { RelayPath } from "./path.ts";
import type { RelayAddress } from "./smp/mod.ts";
import type { TlsListener } from "./transport/mod.ts";
import { VERSION } from "./version.ts";
import { toBase64Url } from "./wire/mod.ts";

/** Ways that lead home without the core. */
const DIRECT: ReadonlySet<PathKind> = new Set([
  "direct6",
  "direct4",
  "mapped",
  "manual",
]);

/**
 * Leased ports that are listened on in one run: a lease is for good, and a core
 * that gives one after the other must not use up what this process may open.
 */
const MAX_LEASED_PORTS = 4;

/** Time until the core is asked again whether it gets through, ms. */
const RETRY_MS = 30_000;
/** The same when it was asked a moment before, ms. */
const EARLY_MS = 2_500;

/**
 * Silence after which a link is dead, ms: with the minute for which names are
 * remembered, clients are back within 90 s.
 */
const DEAD_MS = 30_000;

/** What a place at a core is made of. */
export interface TunnelParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly health: Health;
}

/** What it works with once the relay listens. */
interface Running {
  readonly listener: TlsListener;
  readonly path: RelayPath;
}

/** Place of a relay at its core. */
export class RelayTunnel implements AsyncDisposable {
  /** The core as who calls back. */
  readonly callbackServer: RelayAddress;
  readonly #parts: TunnelParts;
  readonly #core: CoreAddress;
  readonly #tunnel: Tunnel;
  readonly #stopping = new AbortController();
  #lease: Lease | undefined;
  /** All that the core has given in this run. */
  readonly #leasedPorts = new Set<number>();
  #running: Running | undefined;
  #watching: Promise<void> | undefined;
  /** What goes on one after the other. */
  #work: Promise<void> = Promise.resolve();
  #looking: Promise<void> = Promise.resolve();
  #isUp = false;
  /** The links are up, and still the leased port of the core leads nowhere. */
  #isBlocked = false;
  /** Where the core saw this relay last, by family. */
  readonly #sources = new Map<number, string>();
  /** Families over which the relay is reached without the core. */
  #sure: readonly number[] = [];
  /** What the core was told last, and over which links. */
  #told = "";
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lookAgain: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    parts: TunnelParts,
    { core, lease }: { core: CoreAddress; lease: Lease | undefined },
  ) {
    this.#parts = parts;
    this.#core = core;
    this.#lease = lease;
    if (lease !== undefined) this.#leasedPorts.add(lease.port);
    this.callbackServer = {
      fingerprint: core.fingerprint,
      hosts: [...core.hosts],
      port: String(core.port),
    };
    const { config, identity } = parts;
    this.#tunnel = new Tunnel({
      core,
      identity,
      software: `porchlight ${VERSION}`,
      label: config.path.coreLabel || undefined,
      port: config.path.externalPort || config.listen.ports[0] || undefined,
      invitation: config.path.coreInvitation || undefined,
      deadMs: DEAD_MS,
      onVisitor: (stream, { pseudonym }) => {
        const { listener } = this.#running ?? {};
        if (listener === undefined) stream.close();
        // No address, so that nobody takes it for one.
        else {void listener.adopt(stream, {
            port: 0,
            peer: toBase64Url(pseudonym),
          });}
      },
      onChange: (status) => this.#onTunnel(status),
    });
  }

  /**
   * The place that the settings name; `undefined` when they name none.
   *
   * @throws {AddressError} when the core's address is none
   */
  static async from(parts: TunnelParts): Promise<RelayTunnel | undefined> {
    const { path, data } = parts.config;
    if (path.core === "") return undefined;
    const core = parseCoreAddress(path.core);
    const lease = await readLease(data.directory, core);
    return new RelayTunnel(parts, { core, lease });
  }

  /** The name and port that the core has given, if it has already. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Begins to dial the core; does not wait for it. */
  start(running: Running): void {
    this.#running = running;
    this.#tunnel.start();
    this.#watching = watchNetwork({
      signal: this.#stopping.signal,
      onChange: () => this.#tunnel.networkChanged(),
    });
    this.onPath();
  }

  /** Sets values of a TXT record below the relay's name, for certificates. */
  setText(name: string, values: readonly string[]): Promise<void> {
    return this.#tunnel.setText(name, values);
  }

  /** Something has happened to a way: the core may have to know. */
  onPath(): void {
    const { manager } = this.#running?.path ?? {};
    if (manager === undefined || this.#stopping.signal.aborted) return;
    const { v4, v6 } = chosen(manager.state, manager.now);
    const ways = [v4, v6].flatMap((way) =>
      way !== undefined && DIRECT.has(way.kind) ? [way] : []
    );
    const sure = ways.filter(({ state }) => state === "confirmed")
      .map(({ family }) => family);
    // What has happened to a way may have happened to the links.
    if (`${sure}` !== `${this.#sure}` || sure.length < ways.length) {
      this.#tunnel.networkChanged();
    }
    this.#sure = sure;
    // Held for a moment after it was lost: it may come back.
    if (sure.length === 0 && ways.length > 0) return;
    this.#tell(sure);
  }

  /** How it is, for the owner. */
  part(): PartStatus {
    const { manager } = this.#running?.path ?? {};
    return describeCore(this.#tunnel.status, {
      lease: this.#lease,
      connected: manager?.state.connected ?? true,
      isBlocked: this.#isBlocked,
    });
  }

  /** Lets visitors finish for a moment, and says goodbye to the core. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#retry);
    clearTimeout(this.#lookAgain);
    await this.#tunnel.stop();
    await this.#watching;
    await this.#work;
    await this.#looking;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #onTunnel({ links, lease, sources }: TunnelStatus): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#hasMoved(sources)) this.#running?.path.manager?.checkNow();
    if (lease !== undefined && !isSame(lease, this.#lease)) {
      this.#lease = lease;
      this.#do(() => this.#useLease(lease));
    }
    const isUp = links > 0 && lease !== undefined;
    if (isUp !== this.#isUp) {
      this.#isUp = isUp;
      this.#isBlocked = false;
      if (isUp) this.#do(() => this.#goUp(lease));
      else this.#running?.path.manager?.on({ type: "tunnel down" });
    }
    this.#told = "";
    this.onPath();
  }

  /** Whether the core sees this relay at another address than before. */
  #hasMoved(sources: readonly string[]): boolean {
    let moved = false;
    for (const source of sources) {
      const before = this.#sources.get(isIP(source));
      if (before !== undefined && before !== source) moved = true;
      this.#sources.set(isIP(source), source);
    }
    return moved;
  }

  /** One thing after the other; what fails is told. */
  #do(work: () => Promise<void> | void): void {
    this.#work = this.#work.then(work).catch((error) =>
      this.#parts.health.report(error)
    );
  }

  async #useLease(lease: Lease): Promise<void> {
    const { config, health } = this.#parts;
    await saveLease(config.data.directory, this.#core, lease);
    const { listener, path } = this.#running ?? {};
    if (listener === undefined || path === undefined) return;
    this.#leasedPorts.add(lease.port);
    if (this.#leasedPorts.size > MAX_LEASED_PORTS) {
      health.set("leased port", {
        reason: "The core gives this relay another port again and again.",
        remedy:
          "Ask its operator why, or choose another core (path.core). Then restart the relay.",
      });
      return;
    }
    listenOn(lease.port, { listener, health });
    await path.useLease(lease);
  }

  /** Tells the path of the tunnel, and looks whether clients get through. */
  #goUp(lease: Lease): void {
    if (!this.#isUp) return;
    this.#tellPath(lease, false);
    this.#lookThrough(lease);
  }

  #lookThrough(lease: Lease): void {
    this.#looking = this.#looking.then(() => this.#look(lease))
      .catch((error) => this.#parts.health.report(error));
  }

  #tellPath({ name, port }: Lease, confirmed: boolean): void {
    this.#running?.path.manager?.on({
      type: "tunnel up",
      host: name,
      port,
      confirmed,
    });
  }

  /** Comes the way of clients, through the core; again while that fails. */
  async #look(lease: Lease): Promise<void> {
    const { fingerprint } = this.#parts.identity;
    const { signal } = this.#stopping;
    clearTimeout(this.#lookAgain);
    for (const address of this.#tunnel.status.core) {
      const outcome = await dialBack(address, {
        port: lease.port,
        fingerprint,
        signal,
      });
      if (!this.#isUp || signal.aborted) return;
      if (outcome !== "reachable") continue;
      this.#isBlocked = false;
      this.#tellPath(lease, true);
      return;
    }
    if (!this.#isUp || signal.aborted) return;
    this.#isBlocked = true;
    this.#lookAgain = setTimeout(() => {
      if (this.#isUp) this.#lookThrough(lease);
    }, RETRY_MS);
  }

  /** Tells the core over which families the relay is reached without it. */
  #tell(families: readonly number[]): void {
    const { links, sources } = this.#tunnel.status;
    const told = `${families} ${sources}`;
    if (links === 0 || told === this.#told) return;
    this.#told = told;
    clearTimeout(this.#retry);
    this.#do(async () => {
      const answers = await this.#tunnel.reach(families.length > 0);
      if (told !== this.#told) return;
      // Others have come this way, and the core has not.
      const missed = answers.filter(({ outcome, source }) =>
        outcome !== "reachable" && families.includes(isIP(source))
      );
      if (missed.length === 0) return;
      const isEarly = missed.some(({ outcome }) => outcome === "too often");
      this.#tellAgain(isEarly ? EARLY_MS : RETRY_MS);
    });
  }

  #tellAgain(afterMs: number): void {
    if (this.#stopping.signal.aborted) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#told = "";
      this.onPath();
    }, afterMs);
  }
}

/** Listens on a leased port; where that cannot be, the tunnel still works. */
export function listenOn(
  port: number,
  { listener, health }: {
    readonly listener: TlsListener;
    readonly health: Health;
  },
): void {
  if (listener.addresses.some((address) => address.port === port)) return;
  try {
    listener.listenAlso([{ port }]);
    health.set("leased port");
  } catch (error) {
    health.set("leased port", {
      reason:
        `Another program uses port ${port}, which the core has given to this relay. Apps come through the core only.`,
      remedy: "Stop that program, or let it use another port.",
    }, error);
  }
}

function isSame(one: Lease, other: Lease | undefined): boolean {
  return one.name === other?.name && one.port === other.port;
}
