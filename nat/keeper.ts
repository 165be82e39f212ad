/**
 * Keeps one port open to the outside, for as long as it runs.
 *
 * @module
 */

import { Bell } from "./bell.ts";
import { isPublic } from "./ip.ts";
import {
  halfLife,
  isSilence,
  isSilent,
  renewalTime,
  sameLink,
  sameOutside,
} from "./keeper_rules.ts";
import type { Mapping, MappingRequest, RouterLink } from "./mapping.ts";
import { pause, readLinks, watchNetwork } from "./network.ts";
import {
  type OpenedMapping,
  openMapping,
  takeBack,
  whatIsBehind,
} from "./open_mapping.ts";
import type { PortKeeperOptions, PortState } from "./port_state.ts";

const LIFETIME = 3600;
/** Between checks of a mapping made by datagrams, milliseconds. */
const DATAGRAM_CHECK = 3000;
/** Between checks of a mapping made by UPnP, whose checks cost more. */
const UPNP_CHECK = 30_000;
/** Between checks while the router does not answer. */
const AWAY_CHECK = 2000;
/** A router silent for so long is searched for anew. */
const AWAY_LIMIT = 20_000;
/** A mapping lost sooner than this was not kept by the router. */
const SHORT_LIVED = 30_000;
/**
 * Mappings in a row that may be lost soon before checks get rarer: a line that
 * comes up may bring a restart and several addresses.
 */
const PATIENT_LOSSES = 4;
/** The longest between checks of a router that forgets all the time. */
const SLOWEST_CHECK = 120_000;
/** Between two checks that routers ask for by their news. */
const NEWS_PAUSE = 1000;
/** Timers may go off a little early. */
const EARLY = 10;
/** How long a check or a renewal may take. */
const PATIENCE = 5000;
/** Between searches that found nothing, the last one again and again. */
const SEARCH_AGAIN = [60_000, 120_000, 300_000, 600_000];

/** How long a router that is being left may take to take a mapping back. */
const LEAVING = 500;

type Ring = "network" | "news";
/** Why a mapping is no longer held. */
type Loss = "network" | "lost" | "stopped";

/**
 * Keeps a mapping for one family: searches, renews, checks, and maps anew when
 * the router restarted, the address outside or the network changed. Takes the
 * mapping back at the end.
 */
export class PortKeeper implements AsyncDisposable {
  readonly #options: PortKeeperOptions;
  readonly #request: MappingRequest;
  readonly #bell = new Bell<Ring>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #running: Promise<void> | undefined;
  #state: PortState;
  /** Mappings in a row that were lost soon. */
  #losses = 0;

  constructor(options: PortKeeperOptions) {
    this.#options = options;
    this.#request = {
      internalPort: options.internalPort,
      externalPort: options.externalPort ?? options.internalPort,
      lifetimeSeconds: options.lifetimeSeconds ?? LIFETIME,
    };
    this.#signal = options.signal === undefined
      ? this.#stop.signal
      : AbortSignal.any([this.#stop.signal, options.signal]);
    this.#state = {
      family: options.family,
      state: "searching",
      failures: [],
      connected: true,
    };
  }

  /** How it stands now. */
  get state(): PortState {
    return this.#state;
  }

  /** Begins; the result comes by `onState`. Later calls do nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Asks now instead of when it is time: an owner pressed a button, or the port
   * turned out not to be reachable. A mapping that is held is granted again.
   */
  searchNow(): void {
    this.#bell.ring("network");
  }

  /** Takes the mapping back (2 s at most) and ends. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const signal = this.#signal;
    const watching = watchNetwork({
      signal,
      onChange: () => this.#bell.ring("network"),
    });
    while (!signal.aborted) {
      const links = await this.#readLinks();
      const stay = new AbortController();
      const listening = this.#listen(
        links,
        AbortSignal.any([signal, stay.signal]),
      );
      await this.#stayWith(links);
      stay.abort();
      await listening;
    }
    await watching;
  }

  async #readLinks(): Promise<RouterLink[]> {
    try {
      return await (this.#options.readLinks ?? readLinks)(this.#options.family);
    } catch {
      // What cannot be read now is looked at again when the network changes.
      return [];
    }
  }

  /** Hears what routers tell unasked. */
  async #listen(
    links: readonly RouterLink[],
    signal: AbortSignal,
  ): Promise<void> {
    const onSign = () => this.#bell.ring("news");
    await Promise.all(
      links.flatMap((link) =>
        this.#options.mappers.map((mapper) =>
          // What cannot be heard is found out by checks.
          mapper.listen?.({ link, onSign, signal }).catch(() => {})
        )
      ),
    );
  }

  /** With the same routers, until the network changes. */
  async #stayWith(links: readonly RouterLink[]): Promise<void> {
    const signal = this.#signal;
    const own = this.#options.family === 4
      ? links.find(({ localAddress }) => isPublic(localAddress))?.localAddress
      : undefined;
    if (links.length === 0 || own !== undefined) {
      this.#tell({
        state: "none",
        failures: [],
        connected: links.length > 0,
        ownAddress: own,
      });
      while (!signal.aborted) {
        const rings = await this.#bell.wait(Infinity, signal);
        if (rings.has("network")) return;
      }
      return;
    }

    let request = this.#request;
    let last: Mapping | undefined;
    for (let searches = 0; !signal.aborted; searches++) {
      this.#tell({ state: "searching", failures: [], connected: true });
      const opened = await openMapping({
        request,
        links,
        mappers: this.#options.mappers,
        signal,
      });
      if (opened.mapping !== undefined && opened.link !== undefined) {
        const held = await this.#hold(opened.mapping, opened.link, opened);
        if (held.loss !== "lost") return;
        // The same port again, if it can be had: it may be known outside.
        last = held.mapping;
        request = { ...request, externalPort: last.externalPort };
        searches = -1;
        continue;
      }
      if (signal.aborted) return;
      this.#tell({
        state: "none",
        failures: opened.failures,
        behind: opened.behind,
        connected: true,
      });
      const next = await this.#waitForRouter({
        milliseconds: SEARCH_AGAIN[Math.min(searches, SEARCH_AGAIN.length - 1)],
        last,
        silent: opened.failures.some(({ method, failure }) =>
          method === last?.method && isSilent(failure)
        ),
      });
      if (next === "network") return;
    }
  }

  /**
   * Until it is worth searching again: it is time, there is news, or the router
   * that granted `last` was silent and answers again.
   */
  async #waitForRouter(
    options: {
      readonly milliseconds: number;
      readonly last: Mapping | undefined;
      readonly silent: boolean;
    },
  ): Promise<"search" | "network"> {
    const { milliseconds, last } = options;
    let silent = options.silent;
    const until = performance.now() + milliseconds;
    while (!this.#signal.aborted) {
      const left = until - performance.now();
      if (left <= 0) return "search";
      const rings = await this.#bell.wait(
        last === undefined ? left : Math.min(left, AWAY_CHECK),
        this.#signal,
      );
      if (rings.has("network")) return "network";
      if (rings.has("news")) {
        await pause(NEWS_PAUSE, this.#signal);
        return "search";
      }
      if (last !== undefined) {
        const wasSilent = silent;
        silent = await this.#ask(last) === "silent";
        if (wasSilent && !silent) return "search";
      }
    }
    return "search";
  }

  /** Keeps what was granted, until it is lost, the network changes, or the end. */
  async #hold(
    mapping: Mapping,
    link: RouterLink,
    opened: OpenedMapping,
  ): Promise<{ loss: Loss; mapping: Mapping }> {
    const signal = this.#signal;
    let grantedAt = performance.now();
    let current = mapping;
    let renewAt = renewalTime(current);
    let checkAt = grantedAt + this.#checkInterval(current);
    let newsAt = grantedAt;
    let silentSince: number | undefined;
    const tell = () =>
      this.#tell({
        state: "mapped",
        mapping: current,
        behind: whatIsBehind(current),
        failures: opened.failures,
        connected: true,
      });
    const end = (loss: Loss) => ({ loss, mapping: current });
    if (!signal.aborted) tell();

    while (true) {
      const due = Math.min(renewAt, checkAt) - performance.now();
      const rings = await this.#bell.wait(Math.max(due, 0), signal);
      if (signal.aborted) {
        await takeBack(current);
        return end("stopped");
      }
      if (rings.has("network")) {
        const links = await this.#readLinks();
        if (!links.some((each) => sameLink(each, link))) {
          await takeBack(current, LEAVING);
          return end("network");
        }
        // The network may have been away, or somebody misses the port.
        renewAt = Math.min(renewAt, performance.now());
      } else if (rings.has("news")) {
        if (performance.now() + EARLY < newsAt) {
          checkAt = Math.min(checkAt, newsAt);
          continue;
        }
        newsAt = performance.now() + NEWS_PAUSE;
        // Its clock says little when it restarts twice in a few seconds. A
        // check by UPnP asks for the mapping itself.
        if (current.method !== "upnp") renewAt = performance.now();
      }

      const renewing = performance.now() + EARLY >= renewAt;
      if (!renewing) {
        const answer = await this.#ask(current);
        if (signal.aborted) continue;
        if (answer === "silent") {
          silentSince ??= performance.now();
          // A router that talks and does not answer is another one now.
          const replaced = rings.has("news");
          if (replaced || performance.now() - silentSince > AWAY_LIMIT) {
            return end("lost");
          }
          checkAt = performance.now() + AWAY_CHECK;
          continue;
        }
        const wasAway = silentSince !== undefined;
        silentSince = undefined;
        if (answer === "known" && !wasAway) {
          checkAt = performance.now() + this.#checkInterval(current);
          continue;
        }
        if (answer === "forgotten") {
          this.#noteLoss(performance.now() - grantedAt);
        }
      }

      const before = current;
      try {
        current = await before.renew(this.#patience());
      } catch (error) {
        if (signal.aborted) continue;
        if (!renewing || !isSilence(error) || rings.has("news")) {
          return end("lost");
        }
        // Again while there is time left (RFC 6887 section 11.2.1).
        renewAt = performance.now() + Math.max(4000, halfLife(before) / 4);
        checkAt = performance.now() + AWAY_CHECK;
        silentSince ??= performance.now();
        continue;
      }
      silentSince = undefined;
      if (!renewing) grantedAt = performance.now();
      renewAt = renewalTime(current);
      checkAt = performance.now() + this.#checkInterval(current);
      if (whatIsBehind(current) !== whatIsBehind(before)) {
        await takeBack(current);
        return end("lost");
      }
      if (!renewing || !sameOutside(current, before)) tell();
    }
  }

  /** One small question to the router. */
  async #ask(mapping: Mapping): Promise<"known" | "forgotten" | "silent"> {
    try {
      return await mapping.check(this.#patience()) ? "known" : "forgotten";
    } catch (error) {
      return isSilence(error) ? "silent" : "forgotten";
    }
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE)]);
  }

  #checkInterval({ method }: Mapping): number {
    const usual = this.#options.checkInterval ??
      (method === "upnp" ? UPNP_CHECK : DATAGRAM_CHECK);
    const slowness = 2 ** Math.max(0, this.#losses - PATIENT_LOSSES);
    return Math.max(usual, Math.min(usual * slowness, SLOWEST_CHECK));
  }

  /** A router whose clock is broken "forgets" at each look: look less often. */
  #noteLoss(heldFor: number): void {
    this.#losses = heldFor < SHORT_LIVED ? this.#losses + 1 : 0;
  }

  #tell(state: Omit<PortState, "family">): void {
    this.#state = { family: this.#options.family, ...state };
    this.#options.onState(this.#state);
  }
}
