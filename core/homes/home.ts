/**
 * One relay at home, as its core knows it: its links, its visitors, and where
 * its name points.
 *
 * @module
 */

import type { CallbackOutcome } from "../../callback/mod.ts";
import type { Link } from "../../tunnel/mux/mod.ts";
import { encodeVisitor } from "../../tunnel/protocol/mod.ts";
import type { LeaseRecord } from "../leases/lease.ts";
import type { NameTable } from "../names/name_table.ts";
import type { HomeStream } from "./pipe.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { RateLimit } from "./rate_limit.ts";
import { VisitorPort } from "./visitor_port.ts";

/** Links of one home at a time. */
const MAX_LINKS = 2;
/** Failed call-backs in a row after which a name leaves home. */
const MAX_FAILURES = 2;

/** Displaced starts of a home's program that are remembered. */
const MAX_REPLACED = 16;

/** Why a link is ended. */
export type Farewell = "replaced" | "banned";

/** A link that a home has made. */
export interface HomeLink {
  readonly link: Link;
  /** The home's address as this core sees it. */
  readonly source: string;
  readonly family: 4 | 6;
  /** Start of the home's program that made it. */
  readonly instance: string;
  /** Ends it, and says why. */
  readonly dismiss: (why: Farewell) => void;
}

/** What a home needs of its core. */
export interface HomeOptions {
  readonly lease: LeaseRecord;
  /** Public addresses of this core, for names. */
  readonly core: {
    readonly a: readonly string[];
    readonly aaaa: readonly string[];
  };
  readonly names: NameTable;
  readonly pseudonyms: Pseudonyms;
  /** Bytes a second for a lease of this standing. */
  readonly rateOf: (lease: LeaseRecord) => number;
  readonly maxVisitors: number;
  /** Dials an address and looks whether this home is there. */
  readonly callBack: (
    address: string,
    home: { readonly port: number; readonly fingerprint: Uint8Array },
  ) => Promise<CallbackOutcome>;
}

/** Where the home was found to be reachable, by family. */
interface DirectAddress {
  readonly address: string;
  failures: number;
}

/** A home, from its lease to the stop of the core. */
export class Home implements AsyncDisposable {
  readonly #options: HomeOptions;
  readonly #rate: RateLimit;
  readonly #port: VisitorPort;
  /** Oldest first. */
  readonly #links: HomeLink[] = [];
  readonly #direct = new Map<4 | 6, DirectAddress>();
  /** Starts of programs that another one has taken the place of. */
  readonly #replaced = new Set<string>();
  #lease: LeaseRecord;
  #turn = 0;
  #stopped = false;

  /** @throws {TlsError} `config` when the leased port is taken */
  constructor(options: HomeOptions) {
    this.#options = options;
    this.#lease = options.lease;
    this.#rate = new RateLimit(options.rateOf(options.lease));
    this.#port = new VisitorPort({
      port: options.lease.port,
      rate: this.#rate,
      maxVisitors: options.maxVisitors,
      open: (address) => this.#openStream(address),
    });
    this.#setName();
  }

  /** As it was last heard of. */
  get lease(): LeaseRecord {
    return this.#lease;
  }

  /** The standing has changed; the label and the port never do. */
  set lease(lease: LeaseRecord) {
    this.#lease = lease;
    this.#rate.bytesPerSecond = this.#options.rateOf(lease);
  }

  /** Links that are up. */
  get links(): number {
    return this.#links.length;
  }

  /** Visitors that are there. */
  get visitors(): number {
    return this.#port.visitors;
  }

  /** Where the name points: home as soon as one family leads there. */
  get name(): "home" | "core" {
    return this.#direct.size > 0 ? "home" : "core";
  }

  /** Whether this start of the home's program has been replaced by a later. */
  isReplaced(instance: string): boolean {
    return this.#links.length > 0 && this.#replaced.has(instance);
  }

  /** Whether this link is one of those that count. */
  has(link: HomeLink): boolean {
    return this.#links.includes(link);
  }

  /** A link has been greeted; it stays until it ends. */
  add(link: HomeLink): void {
    for (const other of [...this.#links]) {
      if (other.instance === link.instance) continue;
      // A restored backup, or the old box that was switched on once more: the
      // one that came last has it.
      this.#remember(other.instance);
      this.#remove(other);
      other.dismiss("replaced");
    }
    this.#replaced.delete(link.instance);
    while (this.#links.length >= MAX_LINKS) {
      const oldest = this.#links[0];
      this.#remove(oldest);
      void oldest.link.close();
    }
    this.#links.push(link);
    // Another address: what was found at the old one says nothing any more.
    const direct = this.#direct.get(link.family);
    if (direct !== undefined && direct.address !== link.source) {
      this.#setDirect(link.family, undefined);
    }
    void link.link.ended.then(() => this.#ended(link));
  }

  /** Finds out whether `link` comes from where the home can be dialled. */
  async reach(link: HomeLink, direct: boolean): Promise<CallbackOutcome> {
    if (!direct) {
      // Nowhere, so not over the family either whose link is gone already.
      for (const family of [...this.#direct.keys()]) {
        this.#setDirect(family, undefined);
      }
      return "unreachable";
    }
    const outcome = await this.#callBack(link.source);
    // It may have gone meanwhile, and another have come from elsewhere. Without
    // an answer, what was found before holds.
    if (this.has(link) && outcome !== "busy") {
      this.#setDirect(
        link.family,
        outcome === "reachable" ? link.source : undefined,
      );
    }
    return outcome;
  }

  /** Looks again at what was found before; what is gone leaves the name. */
  async check(): Promise<void> {
    for (const family of [...this.#direct.keys()]) await this.#check(family);
  }

  /** Takes no visitors any more; resolves when those that are there have left. */
  async drain(): Promise<void> {
    for (const { link } of this.#links) link.leave();
    await this.#port.drain();
  }

  /** Ends links, visits and the port, and says why where there is a reason. */
  async stop(why?: Farewell): Promise<void> {
    this.#stopped = true;
    const links = this.#links.splice(0);
    if (why !== undefined) { for (const link of links) link.dismiss(why); }
    await Promise.all([
      this.#port.stop(),
      ...links.map(({ link }) => why === undefined ? link.close() : link.ended),
    ]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #check(family: 4 | 6, maxFailures = MAX_FAILURES): Promise<void> {
    const direct = this.#direct.get(family);
    if (direct === undefined) return;
    const outcome = await this.#callBack(direct.address);
    if (this.#direct.get(family) !== direct || outcome === "busy") return;
    direct.failures = outcome === "reachable" ? 0 : direct.failures + 1;
    if (direct.failures >= maxFailures) this.#setDirect(family, undefined);
  }

  #remember(instance: string): void {
    this.#replaced.add(instance);
    const [oldest] = this.#replaced;
    if (this.#replaced.size > MAX_REPLACED) this.#replaced.delete(oldest);
  }

  #callBack(address: string): Promise<CallbackOutcome> {
    const { port, fingerprint } = this.lease;
    return this.#options.callBack(address, { port, fingerprint });
  }

  /**
   * One family may have gone with its link, while the home is still here over
   * the other.
   */
  #ended(link: HomeLink): void {
    if (!this.has(link)) return;
    this.#remove(link);
    const { family } = link;
    const isThere = this.#links.some((other) => other.family === family);
    if (isThere || this.#links.length === 0 || this.#stopped) return;
    void this.#check(family, 1);
  }

  #remove(link: HomeLink): void {
    const at = this.#links.indexOf(link);
    if (at >= 0) this.#links.splice(at, 1);
  }

  /** Opens a stream on one of the links, in turn. */
  #openStream(address: string): HomeStream | undefined {
    const open = this.#links.filter(({ link }) => link.open);
    for (let tries = 0; tries < open.length; tries++) {
      this.#turn = (this.#turn + 1) % open.length;
      try {
        const stream = open[this.#turn].link.openStream();
        const { pseudonyms, lease } = this.#options;
        const pseudonym = pseudonyms.of(address, lease.fingerprint);
        return { stream, head: encodeVisitor({ pseudonym }) };
      } catch {
        // This one is full; the other may not be.
      }
    }
    return undefined;
  }

  #setDirect(family: 4 | 6, address: string | undefined): void {
    if (address === undefined) this.#direct.delete(family);
    else this.#direct.set(family, { address, failures: 0 });
    this.#setName();
  }

  /**
   * A home that is reachable over one family only gets no way through the core
   * over IPv6, which clients would prefer; over IPv4 it does, since some have
   * nothing else.
   */
  #setName(): void {
    // Its label may belong to somebody else by now.
    if (this.#stopped) return;
    const { names, core, lease } = this.#options;
    const four = this.#direct.get(4)?.address;
    const six = this.#direct.get(6)?.address;
    names.setAddresses(lease.label, {
      a: four === undefined ? core.a : [four],
      aaaa: six !== undefined ? [six] : four === undefined ? core.aaaa : [],
    });
  }
}
