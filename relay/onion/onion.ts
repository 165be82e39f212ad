/**
 * Keeps the relay's onion service in tor, for as long as the relay runs.
 *
 * @module
 */

import type { Config } from "../../config/mod.ts";
import type { Log } from "../log.ts";
import type { TorControl } from "./control.ts";
import { TorError } from "./errors.ts";
import { findTor } from "./find_tor.ts";
import {
  type OnionKey,
  readOnionKey,
  readOrMakeOnionKey,
} from "./onion_key.ts";

/** First and longest wait before tor is looked for again, in milliseconds. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/** Longest time that starting waits for tor's first answer, in milliseconds. */
const START_MS = 2000;

/** A port of the onion service, and where it leads to. */
export interface OnionPort {
  /** The port in the address. */
  readonly port: number;
  /** Where the relay listens: `127.0.0.1:5223`. */
  readonly target: string;
}

/** Why the onion service is not there, in words for the owner. */
export interface OnionProblem {
  readonly reason: string;
  readonly remedy: string;
}

/** What the service is made of. */
export interface OnionOptions {
  readonly ports: readonly OnionPort[];
  readonly log: Log;
  /**
   * Called when {@link Onion.host}, {@link Onion.isPublished} or the problem
   * changed, with the problem that there is now.
   */
  readonly onChange?: (problem: OnionProblem | undefined) => void;
  /** First and longest wait for tor, in milliseconds; for tests. */
  readonly retryMs?: number;
  readonly maxRetryMs?: number;
}

/** The onion service of a running relay. */
export interface Onion extends AsyncDisposable {
  /**
   * The name for the relay's address: there once tor has had the service, in
   * this run or an earlier one, and staying while tor is away.
   */
  host(): string | undefined;
  /** Whether tor has the service now. */
  readonly isPublished: boolean;
  /** What the owner should know; `undefined` also where no tor ever was. */
  readonly problem: OnionProblem | undefined;
  /**
   * Has these ports from now on, such as when the router grants another one
   * that stands in the relay's address.
   */
  usePorts(ports: readonly OnionPort[]): void;
  /** Takes the service out of tor. */
  stop(): Promise<void>;
}

/**
 * Starts to keep the service in tor. Where no tor is, it goes on looking for
 * one without a word; with `onion.enabled = "on"` the missing tor is a problem.
 * Never throws for want of tor.
 */
export async function startOnion(
  config: Config,
  options: OnionOptions,
): Promise<Onion> {
  const keeper = new OnionKeeper(config, options);
  await keeper.begin();
  return keeper;
}

class OnionKeeper implements Onion {
  readonly #config: Config;
  readonly #options: OnionOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #key: OnionKey | undefined;
  #control: TorControl | undefined;
  #problem: OnionProblem | undefined;
  #wasTold = "";
  #ports: readonly OnionPort[];
  #portsChanged = Promise.withResolvers<void>();

  constructor(config: Config, options: OnionOptions) {
    this.#config = config;
    this.#options = options;
    this.#ports = options.ports;
  }

  async begin(): Promise<void> {
    if (this.#config.onion.enabled === "off") return;
    const first = Promise.withResolvers<void>();
    this.#running = this.#keep(first.resolve);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, START_MS);
    await Promise.race([first.promise, promise]);
    clearTimeout(timer);
  }

  host(): string | undefined {
    return this.#key?.host;
  }

  get isPublished(): boolean {
    return this.#control !== undefined;
  }

  get problem(): OnionProblem | undefined {
    return this.#problem;
  }

  usePorts(ports: readonly OnionPort[]): void {
    if (JSON.stringify(ports) === JSON.stringify(this.#ports)) return;
    this.#ports = ports;
    // Tor has them in a moment.
    this.#control = undefined;
    this.#portsChanged.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #keep(onTried: () => void): Promise<void> {
    const { signal } = this.#stopping;
    const { retryMs = RETRY_MS, maxRetryMs = MAX_RETRY_MS } = this.#options;
    const aborted = new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
    let waitMs = retryMs;
    while (!signal.aborted) {
      try {
        await using control = await this.#publish();
        waitMs = retryMs;
        onTried();
        const changed = this.#portsChanged.promise.then(() => "changed");
        const reason = signal.aborted
          ? undefined
          : await Promise.race([control.closed, aborted, changed]);
        // The service ends with the connection.
        if (signal.aborted) continue;
        if (reason === "changed") {
          await this.#remove(control);
          continue;
        }
        this.#set(undefined, away());
      } catch (error) {
        this.#set(undefined, this.#problemOf(error));
        onTried();
      }
      if (!signal.aborted) await pause(waitMs, signal);
      waitMs = Math.min(2 * waitMs, maxRetryMs);
    }
  }

  /** @throws {TorError} */
  async #publish(): Promise<TorControl> {
    const { directory } = this.#config.data;
    this.#key ??= await readOnionKey(directory);
    await using stack = new AsyncDisposableStack();
    const { control } = await findTor(this.#config.onion, {
      signal: this.#stopping.signal,
    });
    stack.use(control);
    // Made only now: a machine without tor has no onion address.
    const key = this.#key ?? await readOrMakeOnionKey(directory);
    this.#portsChanged = Promise.withResolvers();
    const ports = this.#ports.map(({ port, target }) =>
      ` Port=${port},${target}`
    ).join("");
    // Without Flags=Detach: the service ends with this connection, so that a
    // relay which was killed leaves none behind.
    const lines = await control.order(`ADD_ONION ${key.controlText}${ports}`);
    const expected = `ServiceID=${serviceId(key)}`;
    if (!lines.includes(expected)) {
      throw new TorError("no answer", "Tor gave the service another name.");
    }
    this.#key = key;
    stack.move();
    this.#set(control, undefined);
    return control;
  }

  async #remove(control: TorControl): Promise<void> {
    if (this.#key === undefined) return;
    try {
      await control.order(`DEL_ONION ${serviceId(this.#key)}`);
    } catch (error) {
      // It ends with the connection in any case.
      this.#options.log.debug("Tor did not remove the onion service", error);
    }
  }

  #problemOf(error: unknown): OnionProblem | undefined {
    if (!(error instanceof TorError)) {
      this.#options.log.error("The onion service failed", error);
      return away();
    }
    this.#options.log.debug("No onion service", error);
    const wanted = this.#config.onion.enabled === "on" ||
      this.#key !== undefined;
    // Somebody else's tor, or none: nothing that this relay ever had.
    const quiet = error.code === "not found" || error.code === "not allowed" ||
      error.code === "no answer";
    if (quiet && !wanted) return undefined;
    return {
      reason: `The onion address does not work. ${error.message}`,
      remedy: error.remedy ?? away().remedy,
    };
  }

  #set(
    control: TorControl | undefined,
    problem: OnionProblem | undefined,
  ): void {
    this.#control = control;
    this.#problem = this.#stopping.signal.aborted ? undefined : problem;
    const now = JSON.stringify([this.host(), this.isPublished, problem]);
    if (now === this.#wasTold) return;
    this.#wasTold = now;
    if (control !== undefined) {
      this.#options.log.info("The relay has an onion address, through tor");
    }
    this.#options.onChange?.(this.#problem);
  }
}

function away(): OnionProblem {
  return {
    reason: "The onion address does not work while tor is away.",
    remedy: "Start tor (sudo systemctl start tor). If you do not want the " +
      'onion address any more, set onion.enabled = "off".',
  };
}

function serviceId({ host }: OnionKey): string {
  return host.slice(0, -".onion".length);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
