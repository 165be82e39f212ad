/**
 * All homes of a core: a port and a name for each lease, from the start.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import type { CallbackOutcome } from "../../callback/mod.ts";
import type { Config } from "../../config/mod.ts";
import type { Log } from "../../relay/log.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { LinkMemory } from "../../tunnel/mux/mod.ts";
import type { LeaseBook, LeaseRecord } from "../leases/mod.ts";
import type { NameTable } from "../names/mod.ts";
import { GreetingLimit } from "./greeting_limit.ts";
import { Home } from "./home.ts";
import { LinkServer } from "./link_server.ts";
import { ownAddress6, parsePrefix6 } from "./own_address.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/** Time between two looks at homes that names point to, ms. */
const CHECK_MS = 5 * 60_000;
/** Homes that are looked at, at a time. */
const CHECKS_AT_ONCE = 16;
/** Call-backs at a time. */
const MAX_CALLBACKS = 256;
/** Memory of what waits unread on all links together, bytes. */
const MAX_UNREAD = 256 * 1024 * 1024;

/** What homes are made with. */
export interface HomesOptions {
  readonly config: Config;
  readonly domain: string;
  /** Public addresses of this core. */
  readonly addresses: readonly string[];
  readonly leases: LeaseBook;
  readonly names: NameTable;
  readonly log: Log;
  readonly software: string;
  /** Dials an address and looks whether a home is there. */
  readonly callBack: (
    address: string,
    home: { readonly port: number; readonly fingerprint: Uint8Array },
    signal: AbortSignal,
  ) => Promise<CallbackOutcome>;
  /** Time between two looks at homes, ms; default 5 minutes. */
  readonly checkMs?: number;
  /** Any number of links and leases for each network: for tests. */
  readonly unlimited?: boolean;
  readonly pingMs?: number;
  readonly deadMs?: number;
}

/** Homes by lease. */
export class Homes implements AsyncDisposable {
  readonly #options: HomesOptions;
  readonly #homes = new Map<string, Home>();
  readonly #server: LinkServer;
  readonly #pseudonyms = new Pseudonyms();
  readonly #core: { readonly a: string[]; readonly aaaa: string[] };
  readonly #stopping = new AbortController();
  /** Labels whose ports cannot be listened on. */
  readonly #closedPorts = new Set<string>();
  #callbacks = 0;
  #draining = false;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: HomesOptions) {
    this.#options = options;
    const { config: { core }, addresses } = options;
    this.#core = {
      a: addresses.filter((each) => isIPv4(each)),
      aaaa: addresses.filter((each) => isIPv6(each)),
    };
    this.#server = new LinkServer({
      leases: options.leases,
      names: options.names,
      domain: options.domain,
      software: options.software,
      addresses,
      maxVisitors: core.visitorsPerRelay,
      maxLinks: core.links,
      homeOf: (fingerprint) => this.#homeOf(fingerprint),
      memory: new LinkMemory(MAX_UNREAD),
      greetings: new GreetingLimit({ off: options.unlimited }),
      pingMs: options.pingMs,
      deadMs: options.deadMs,
    });
  }

  /** Opens the ports of all leases. */
  start(): void {
    for (const { fingerprint, standing } of this.#options.leases.list()) {
      if (standing !== "banned") this.#homeOf(fingerprint);
    }
    this.#checkSoon();
  }

  /** Serves a link of a home, from the IP address `source`. */
  serve(connection: Connection, source: string): Promise<void> {
    return this.#server.serve(connection, source);
  }

  /** Numbers about homes, by name. */
  counts(): Record<string, number> {
    const homes = [...this.#homes.values()];
    return {
      links: this.#server.links,
      closedPorts: this.#closedPorts.size,
      relaysThere: homes.filter(({ links }) => links > 0).length,
      relaysAtHome: homes.filter(({ name }) => name === "home").length,
      visitors: homes.reduce((sum, { visitors }) => sum + visitors, 0),
    };
  }

  /** Each home, for the operator. */
  list(): { lease: LeaseRecord; links: number; name: "home" | "core" }[] {
    return this.#options.leases.list().map((lease) => {
      const home = this.#homes.get(lease.label);
      return {
        lease,
        links: home?.links ?? 0,
        name: home?.name ?? "core",
      };
    });
  }

  /** The lease with this label has ended, or its relay was shut out. */
  async forget(label: string, why?: "banned"): Promise<void> {
    const home = this.#homes.get(label);
    this.#homes.delete(label);
    this.#closedPorts.delete(label);
    this.#options.names.remove(label);
    await home?.stop(why);
  }

  /** The standing of a lease has changed. */
  update(lease: LeaseRecord): void {
    if (lease.standing === "banned") {
      void this.forget(lease.label, "banned");
      return;
    }
    const home = this.#homeOf(lease.fingerprint);
    if (home !== undefined) home.lease = lease;
  }

  /** Takes no visitors any more; resolves when all have left or time is up. */
  async drain(deadlineMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, deadlineMs);
    this.#draining = true;
    const homes = Array.from(this.#homes.values(), (home) => home.drain());
    await Promise.race([promise, Promise.all(homes)]);
    clearTimeout(timer);
  }

  /** Ends links, visits and ports. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#checkTimer);
    await Promise.all(Array.from(this.#homes.values(), (home) => home.stop()));
    await this.#checking;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #homeOf(fingerprint: Uint8Array): Home | undefined {
    const { leases, log } = this.#options;
    const lease = leases.find(fingerprint);
    const closed = this.#draining || this.#stopping.signal.aborted;
    if (lease === undefined || closed) return undefined;
    const known = this.#homes.get(lease.label);
    if (known !== undefined) return known;
    try {
      const home = this.#open(lease);
      this.#homes.set(lease.label, home);
      this.#closedPorts.delete(lease.label);
      return home;
    } catch (error) {
      this.#closedPorts.add(lease.label);
      log.error(
        `Port ${lease.port}, which belongs to a relay, cannot be listened on. Another program may have it: give relays a range of ports that nothing else uses`,
        error,
      );
      return undefined;
    }
  }

  #open(lease: LeaseRecord): Home {
    const { config: { core }, names } = this.#options;
    return new Home({
      lease,
      core: this.#coreFor(lease.port),
      names,
      pseudonyms: this.#pseudonyms,
      rateOf: ({ standing }) =>
        standing === "known" ? core.relayRateBytes : core.newRelayRateBytes,
      maxVisitors: core.visitorsPerRelay,
      callBack: (address, home) => this.#callBack(address, home),
    });
  }

  async #callBack(
    address: string,
    home: { readonly port: number; readonly fingerprint: Uint8Array },
  ): Promise<CallbackOutcome> {
    if (this.#callbacks >= MAX_CALLBACKS) return "busy";
    this.#callbacks++;
    try {
      const { signal } = this.#stopping;
      return await this.#options.callBack(address, home, signal);
    } finally {
      this.#callbacks--;
    }
  }

  /** Where a relay is found while it is reached through this core. */
  #coreFor(port: number): { readonly a: string[]; readonly aaaa: string[] } {
    const prefix = parsePrefix6(this.#options.config.core.ipv6Prefix);
    if (prefix === undefined) return this.#core;
    return { a: this.#core.a, aaaa: [ownAddress6(prefix, port)] };
  }

  #checkSoon(): void {
    if (this.#stopping.signal.aborted) return;
    this.#checkTimer = setTimeout(() => {
      this.#checking = this.#check()
        .catch((error) =>
          this.#options.log.error("Looking after relays failed", error)
        )
        .finally(() => this.#checkSoon());
    }, this.#options.checkMs ?? CHECK_MS);
  }

  /**
   * Writes down who is there, and looks at all homes that names point to, a few
   * at a time.
   */
  async #check(): Promise<void> {
    const there = [...this.#homes.values()].filter(({ links }) => links > 0);
    this.#options.leases.seen(there.map(({ lease }) => lease.fingerprint));
    const waiting = [...this.#homes.values()]
      .filter(({ name }) => name === "home");
    await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, async () => {
      for (;;) {
        const home = waiting.pop();
        if (home === undefined || this.#stopping.signal.aborted) return;
        await home.check();
      }
    }));
  }
}
