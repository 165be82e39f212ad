/**
 * Home's end of the tunnel: two links to the core where there can be, over IPv4
 * and IPv6 if both lead there, each dialled again when it is lost.
 *
 * @module
 */

import { randomBytes } from "../../relay/crypto/mod.ts";
import type { Identity } from "../../relay/identity/mod.ts";
import { toBase64Url } from "../../relay/wire/mod.ts";
import type { CoreAddress } from "../core_address.ts";
import type { MuxStream } from "../mux/mod.ts";
import type { Lease, Visitor } from "../protocol/mod.ts";
import { BackOff } from "./back_off.ts";
import { CoreLink, type ReachAnswer, RefusedError } from "./core_link.ts";
import { type CoreHost, coreHosts, dialCore, type Way } from "./dial_core.ts";

/** Links at a time. */
const LINKS = 2;
/** Ways to a core, the better one first. */
const WAYS: readonly Way[] = ["direct", "websocket"];
/** A link that lived so long makes the next pause short again, ms. */
const STABLE_MS = 10_000;
/** Pause after a refusal that says nothing of another try, ms. */
const REFUSED_MS = 3_600_000;
/** Time for a link to show that it is still there, ms. */
const PROBE_MS = 5_000;
/** Time for visitors to finish when the relay stops, ms. */
const DRAIN_MS = 2_000;

/** Options of {@link Tunnel}. */
export interface TunnelOptions {
  readonly core: CoreAddress;
  readonly identity: Identity;
  /** Name and version of this program. */
  readonly software: string;
  /** Wishes for a new lease. */
  readonly label?: string;
  readonly port?: number;
  readonly invitation?: string;
  /** Serves a visitor; must not throw. */
  readonly onVisitor: (stream: MuxStream, visitor: Visitor) => void;
  /** Something of {@link Tunnel.status} has changed; must not throw. */
  readonly onChange: (status: TunnelStatus) => void;
  readonly pingMs?: number;
  readonly deadMs?: number;
}

/** How the tunnel is. */
export interface TunnelStatus {
  /** Links that are up. */
  readonly links: number;
  /** The lease, once the core has told it. */
  readonly lease: Lease | undefined;
  /** Addresses of the core, which it told. */
  readonly core: readonly string[];
  /** Own addresses as the core sees them, one for each link. */
  readonly sources: readonly string[];
  /** Why the core does not want this relay, if it does not. */
  readonly refusal: RefusedError | undefined;
  /** Why there is no link, if there is none: the last failure. */
  readonly failure: unknown;
}

/** Links to one core, from `start` to `stop`. */
export class Tunnel implements AsyncDisposable {
  readonly #options: TunnelOptions;
  readonly #instance = toBase64Url(randomBytes(12));
  readonly #stopping = new AbortController();
  readonly #links = new Map<number, CoreLink>();
  /** Which try led to a link last, by slot. */
  readonly #worked = new Map<number, number>();
  /** Ends pauses: all of them, and those that are not the core's wish. */
  readonly #pauses = new Set<{ readonly wake: () => void; wished: boolean }>();
  #running: Promise<unknown> | undefined;
  #lease: Lease | undefined;
  #core: readonly string[] = [];
  #refusal: RefusedError | undefined;
  #failure: unknown;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  /** Begins to dial; returns at once. */
  start(): void {
    this.#running ??= Promise.all(
      Array.from({ length: LINKS }, (_, slot) => this.#keep(slot)),
    );
  }

  get status(): TunnelStatus {
    const links = [...this.#links.values()];
    return {
      links: links.length,
      lease: this.#lease,
      core: this.#core,
      sources: links.map(({ welcome }) => welcome.source),
      refusal: this.#refusal,
      failure: this.#failure,
    };
  }

  /**
   * Says over each link whether the leased port of its address leads here, and
   * resolves to what the core found, by the address it tried. What a link that
   * broke meanwhile would have said is left out.
   */
  async reach(
    direct: boolean,
  ): Promise<readonly (ReachAnswer & { readonly source: string })[]> {
    const asked = new Map(
      Array.from(this.#links.values(), (link) => [link.welcome.source, link]),
    );
    const answers = await Promise.allSettled(
      Array.from(asked, async ([source, link]) => ({
        source,
        ...await link.reach(direct),
      })),
    );
    return answers.flatMap((each) =>
      each.status === "fulfilled" ? [each.value] : []
    );
  }

  /**
   * Sets the values of a TXT record below the lease's name.
   *
   * @throws {Error} when there is no link, or the core does not want it
   */
  async setText(name: string, values: readonly string[]): Promise<void> {
    const [link] = this.#links.values();
    if (link === undefined) throw new Error("There is no link to the core");
    await link.setText(name, values);
  }

  /**
   * The network has changed: finds out at once which links are still there, and
   * dials those that are not without waiting.
   */
  networkChanged(): void {
    for (const link of this.#links.values()) void link.probe(PROBE_MS);
    this.#worked.clear();
    for (const { wake, wished } of this.#pauses) if (!wished) wake();
  }

  /** Lets visitors finish for a moment, and ends the links. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { wake } of this.#pauses) wake();
    await Promise.all(
      Array.from(this.#links.values(), (link) => link.drain(DRAIN_MS)),
    );
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Keeps one of the links until the tunnel stops. Never rejects. */
  async #keep(slot: number): Promise<void> {
    const { signal } = this.#stopping;
    const backOff = new BackOff();
    let failures = 0;
    while (!signal.aborted) {
      let pause: number | undefined;
      try {
        const { refusal, livedMs } = await this.#one(slot, failures);
        pause = this.#pauseAfter(refusal);
        failures = 0;
        if (livedMs > STABLE_MS) backOff.reset();
      } catch (error) {
        failures++;
        pause = error instanceof RefusedError
          ? this.#pauseAfter(error)
          : undefined;
        if (!signal.aborted) this.#failure = error;
      }
      if (signal.aborted) return;
      this.#changed();
      await this.#pause(Math.max(pause ?? 0, backOff.next()), {
        wished: pause !== undefined,
      });
    }
  }

  /**
   * One link from dialling to its end.
   *
   * @param failures times in a row that there was none
   */
  async #one(
    slot: number,
    failures: number,
  ): Promise<{ refusal: RefusedError | undefined; livedMs: number }> {
    const { core, identity, software, label, port, invitation } = this.#options;
    const { signal } = this.#stopping;
    const hosts = hostsFor(slot, await coreHosts(core, signal));
    if (hosts.length === 0) {
      throw new Error("The core's name cannot be looked up");
    }
    // All hosts in one way, then all in the other, from where it went last.
    const tries = WAYS.flatMap((way) => hosts.map((host) => ({ way, host })));
    const at = ((this.#worked.get(slot) ?? 0) + failures) % tries.length;
    const connection = await dialCore(core, { ...tries[at], identity, signal });
    const link = await CoreLink.open(connection, {
      ...this.#options,
      signal,
      hello: {
        type: "hello",
        software,
        instance: this.#instance,
        label,
        port,
        invitation,
      },
    });
    if (signal.aborted) {
      await link.close();
      return { refusal: undefined, livedMs: 0 };
    }
    const since = performance.now();
    this.#worked.set(slot, at);
    this.#links.set(slot, link);
    this.#lease = link.welcome.lease;
    this.#core = link.welcome.core;
    this.#refusal = undefined;
    this.#failure = undefined;
    this.#changed();
    await link.ended;
    this.#links.delete(slot);
    return { refusal: link.refusal, livedMs: performance.now() - since };
  }

  #pauseAfter(refusal: RefusedError | undefined): number | undefined {
    if (refusal === undefined) return undefined;
    this.#refusal = refusal;
    const seconds = refusal.retryAfterSeconds;
    return seconds === undefined ? REFUSED_MS : seconds * 1000;
  }

  #changed(): void {
    this.#options.onChange(this.status);
  }

  /** `wished`: the core said how long. */
  async #pause(ms: number, { wished }: { wished: boolean }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pause = { wake: resolve, wished };
    this.#pauses.add(pause);
    const timer = setTimeout(resolve, Math.min(ms, 0x7fff_ffff));
    await promise;
    clearTimeout(timer);
    this.#pauses.delete(pause);
  }
}

/**
 * Addresses in the order to try them: the first link goes to IPv4, which most
 * homes have, the second to IPv6. Where only one of them leads out, both end up
 * there.
 */
function hostsFor(slot: number, hosts: readonly CoreHost[]): CoreHost[] {
  const wanted = slot === 0 ? 4 : 6;
  return [
    ...hosts.filter(({ family }) => family === wanted),
    ...hosts.filter(({ family }) => family !== wanted),
  ];
}
