/**
 * Runs the state machine of paths: asks routers and those who call back, and
 * follows changes of the network.
 *
 * @module
 */

import {
  askCallback,
  CallbackError,
  type CallbackOutcome,
  type Called,
} from "../../callback/mod.ts";
import type { Identity } from "../../relay/identity/mod.ts";
import type { RelayAddress } from "../../relay/smp/commands.ts";
import { isPublic } from "../ip.ts";
import { PortKeeper } from "../keeper.ts";
import type { MappingFailure, PortMapper } from "../mapping.ts";
import { readLinks, watchNetwork } from "../network.ts";
import type { PortState } from "../port_state.ts";
import { type Advertised, advertised } from "./choose.ts";
import type { PathEffect, PathEvent } from "./events.ts";
import {
  initialPathState,
  type PathKind,
  type PathSettings,
  type PathState,
} from "./state.ts";
import { step } from "./step.ts";

/** What a manager is made of. */
export interface PathManagerOptions {
  readonly settings: PathSettings;
  /** Families that the relay listens on for others than this machine. */
  readonly families: readonly (4 | 6)[];
  /** How to ask routers; empty: not at all. */
  readonly mappers: readonly PortMapper[];
  /** Port wished for outside. */
  readonly externalPort: number;
  /** Who calls back, in any order. */
  readonly callbackServers: readonly RelayAddress[];
  readonly identity: Pick<Identity, "chain" | "sign">;
  /** Told what to tell the world, whenever that changes. Must not throw. */
  readonly onAdvertise?: (hosts: readonly Advertised[]) => void;
  /** Told whenever something has happened. Must not throw. */
  readonly onState?: () => void;
  /** Told of faults of the program. Must not throw. */
  readonly onError: (error: unknown) => void;
}

/** Longest time that a timer takes, ms. */
const MAX_TIMER = 2 ** 31 - 1;

/** Outcomes that say nothing about the path: somebody else is asked. */
const NO_EVIDENCE: ReadonlySet<CallbackOutcome> = new Set([
  "not proven",
  "not public",
  "port not allowed",
  "too often",
  "busy",
]);

/** Finds and keeps the way into a relay, for as long as it runs. */
export class PathManager implements AsyncDisposable {
  readonly #options: PathManagerOptions;
  readonly #stopping = new AbortController();
  readonly #keepers: PortKeeper[] = [];
  readonly #tasks = new Set<Promise<void>>();
  /** Call-backs under way. */
  readonly #calls = new Map<PathKind, AbortController>();
  #state: PathState;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #localAddress: string | undefined;
  #isStarted = false;
  #hasAddresses = false;
  readonly #waiting = new Set<() => void>();

  constructor(options: PathManagerOptions) {
    this.#options = options;
    const [seed] = crypto.getRandomValues(new Int32Array(1));
    this.#state = initialPathState(options.settings, seed);
  }

  /** What is known. */
  get state(): PathState {
    return this.#state;
  }

  /** The clock of {@link state}, milliseconds. */
  get now(): number {
    return performance.now();
  }

  /** What to tell the world, the most useful first. */
  get advertised(): Advertised[] {
    return advertised(this.#state, this.now);
  }

  /** This machine's IPv4 address in the network of its router. */
  get localAddress(): string | undefined {
    return this.#localAddress;
  }

  /** Begins; never waits for the network. Later calls do nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { families, mappers, externalPort, settings } = this.#options;
    this.#run(this.#readAddresses());
    this.#run(watchNetwork({
      signal: this.#stopping.signal,
      onChange: () => this.#run(this.#onNetwork()),
    }));
    if (mappers.length === 0) return;
    for (const family of families) {
      const keeper = new PortKeeper({
        family,
        internalPort: settings.port,
        externalPort,
        mappers,
        onState: (state) => this.on(portEvent(state)),
      });
      this.#keepers.push(keeper);
      keeper.start();
    }
  }

  /**
   * Resolves when nothing is being found out any more, or after `withinMs`: for
   * those who show the result.
   */
  async settled(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#waiting.add(resolve);
    this.#tellSettled();
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  /** Something that happened outside of routers and call-backs. */
  on(event: PathEvent): void {
    if (this.#stopping.signal.aborted) return;
    const { state, effects } = step(this.#state, event, this.now);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
    this.#options.onState?.();
    this.#tellSettled();
  }

  /** Looks at everything again, for an owner who has changed something. */
  checkNow(): void {
    for (const keeper of this.#keepers) keeper.searchNow();
    this.on({ type: "network" });
  }

  /** Takes mappings back (2 s at most) and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    for (const call of this.#calls.values()) call.abort();
    this.#tellSettled();
    await Promise.all(this.#keepers.map((keeper) => keeper.stop()));
    await Promise.all(this.#tasks);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #tellSettled(): void {
    const { candidates } = this.#state;
    const { mapping } = this.#options.settings;
    const isLooking = !this.#hasAddresses ||
      mapping && candidates.mapped === undefined ||
      Object.values(candidates).some(({ state }) => state === "trying");
    if (isLooking && !this.#stopping.signal.aborted) return;
    for (const resolve of this.#waiting) resolve();
  }

  /** Keeps track of what goes on beside. */
  #run(task: Promise<void>): void {
    const guarded: Promise<void> = task.catch(this.#options.onError)
      .finally(() => this.#tasks.delete(guarded));
    this.#tasks.add(guarded);
  }

  async #onNetwork(): Promise<void> {
    await this.#readAddresses();
    this.on({ type: "network" });
  }

  async #readAddresses(): Promise<void> {
    const { families } = this.#options;
    const links4 = await readLinks(4);
    const links6 = await readLinks(6);
    this.#localAddress = links4[0]?.localAddress;
    this.#hasAddresses = true;
    const direct4 = links4.find(({ localAddress }) => isPublic(localAddress));
    this.on({
      type: "addresses",
      direct4: families.includes(4) ? direct4?.localAddress : undefined,
      direct6: families.includes(6) ? links6[0]?.localAddress : undefined,
      connected: links4.length + links6.length > 0,
    });
  }

  #do(effect: PathEffect): void {
    switch (effect.type) {
      case "call":
        this.#run(this.#call(effect));
        return;
      case "wake":
        clearTimeout(this.#timer);
        if (!Number.isFinite(effect.at)) return;
        this.#timer = setTimeout(
          () => this.on({ type: "tick" }),
          Math.min(Math.max(effect.at - this.now, 1), MAX_TIMER),
        );
        return;
      case "advertise":
        this.#options.onAdvertise?.(effect.hosts);
    }
  }

  async #call(
    { call, kind, family, port, from }: Extract<PathEffect, { type: "call" }>,
  ): Promise<void> {
    this.#calls.get(kind)?.abort();
    const abort = new AbortController();
    this.#calls.set(kind, abort);
    try {
      const called = await this.#ask(call, {
        identity: this.#options.identity,
        family,
        port,
        localAddress: from,
        signal: abort.signal,
      });
      if (abort.signal.aborted) return;
      if (called === undefined) this.on({ type: "not called", call });
      else this.on({ type: "called", call, ...called });
    } finally {
      if (this.#calls.get(kind) === abort) this.#calls.delete(kind);
    }
  }

  /** Asks one after the other until one has looked; each time another first. */
  async #ask(
    call: number,
    options: Parameters<typeof askCallback>[1] & { signal: AbortSignal },
  ): Promise<Called | undefined> {
    const { callbackServers } = this.#options;
    let last: Called | undefined;
    for (let index = 0; index < callbackServers.length; index++) {
      const server = callbackServers[(call + index) % callbackServers.length];
      try {
        last = await askCallback(server, options);
        if (!NO_EVIDENCE.has(last.outcome)) return last;
      } catch (error) {
        if (options.signal.aborted) return undefined;
        if (!(error instanceof CallbackError)) throw error;
      }
    }
    return last;
  }
}

function portEvent({ family, state, mapping, behind, failures }: PortState) {
  return {
    type: "port",
    family,
    state,
    host: mapping?.externalAddress,
    port: mapping?.externalPort,
    method: mapping?.method,
    router: mapping?.router,
    behind,
    failure: tellingFailure(failures.map(({ failure }) => failure)),
  } as const;
}

/** What says most about why no router helps. */
const TELLING: readonly MappingFailure[] = [
  "no public address",
  "refused",
  "no resources",
  "bad answer",
  "no network",
  "no answer",
];

function tellingFailure(
  failures: readonly MappingFailure[],
): MappingFailure | undefined {
  return TELLING.find((failure) => failures.includes(failure));
}
