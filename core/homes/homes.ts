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
import type { LeaseBook, LeaseRecord } from "../leases/mod.ts";
import type { NameTable } from "../names/mod.ts";
import { Home } from "./home.ts";
import { LinkServer } from "./link_server.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { RateLimit } from "./rate_limit.ts";

/** Time between two looks at homes that names point to, ms. */
const CHECK_MS = 5 * 60_000;
/** Homes that are looked at, at a time. */
const CHECKS_AT_ONCE = 16;

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
      pingMs: options.pingMs,
      deadMs: options.deadMs,
    });
  }

  /** Opens the ports of all leases. */
  start(): void {
    for (const { fingerprint } of this.#options.leases.list()) {
      this.#homeOf(fingerprint);
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
      relaysThere: homes.filter(({ links }) => links > 0).length,
      relaysAtHome: homes.filter(({ name }) => name === "home").length,
      visitors: homes.reduce((sum, { visitors }) => sum + visitors, 0),
    };
  }

  /** The lease with this label has ended. */
  async forget(label: string): Promise<void> {
    const home = this.#homes.get(label);
    this.#homes.delete(label);
    await home?.stop();
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
    if (lease === undefined || this.#stopping.signal.aborted) return undefined;
    const known = this.#homes.get(lease.label);
    if (known !== undefined) return known;
    try {
      const home = this.#open(lease);
      this.#homes.set(lease.label, home);
      return home;
    } catch (error) {
      log.error(
        `Port ${lease.port}, which belongs to a relay, cannot be listened on. Another program may have it: give relays a range of ports that nothing else uses`,
        error,
      );
      return undefined;
    }
  }

  #open(lease: LeaseRecord): Home {
    const { config: { core }, names, callBack } = this.#options;
    const rate = lease.standing === "known"
      ? core.relayRateBytes
      : core.newRelayRateBytes;
    return new Home({
      lease,
      core: this.#core,
      names,
      pseudonyms: this.#pseudonyms,
      rate: new RateLimit(rate),
      maxVisitors: core.visitorsPerRelay,
      callBack: (address, home) =>
        callBack(address, home, this.#stopping.signal),
    });
  }

  #checkSoon(): void {
    if (this.#stopping.signal.aborted) return;
    this.#checkTimer = setTimeout(() => {
      this.#checking = this.#check().finally(() => this.#checkSoon());
    }, this.#options.checkMs ?? CHECK_MS);
  }

  /** Looks at all homes that names point to, a few at a time. */
  async #check(): Promise<void> {
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
