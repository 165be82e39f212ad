/**
 * How the parts of the relay are, in words for its owner: what is wrong and
 * what to do.
 *
 * @module
 */

import type { PartStatus } from "./control/mod.ts";
import type { Identity } from "./identity/mod.ts";
import type { Log } from "./log.ts";
import { type Store, StoreError } from "./store/mod.ts";
import type { TlsListener } from "./transport/mod.ts";

/** The same error is logged again after this time, ms. */
const REPEAT_MS = 60_000;

/** How long the system's refusal to accept counts as a problem, ms. */
const ACCEPT_MS = 5 * 60_000;

/** Longest time that a disk may take for a write and be called well, ms. */
const SLOW_DISK_MS = 30_000;

/** What goes wrong with a part that works again by itself. */
export interface Problem {
  readonly reason: string;
  readonly remedy: string;
}

/** What the health of a running relay is read from. */
export interface HealthSources {
  readonly identity: Pick<
    Identity,
    "certificateStatus" | "validTo" | "hasCaKey"
  >;
  readonly store: Pick<Store, "hasRoom" | "writingMs">;
  readonly listener: Pick<TlsListener, "stats">;
  readonly maxConnections: number;
}

/** Errors while running, until they are mended. */
export class Health {
  readonly #log: Log;
  readonly #now: () => number;
  /** Messages that were logged, with the time when they may be again. */
  readonly #logged = new Map<string, number>();
  readonly #problems = new Map<string, Problem>();
  readonly #added: (() => PartStatus | undefined)[] = [];
  #storage: StoreError | undefined;
  #acceptErrors = 0;
  #acceptErrorAt = -Infinity;
  #failedCommits = 0;

  /** `now`: a clock in milliseconds that is never set, for tests. */
  constructor(log: Log, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
  }

  /** Groups of changes that could not be written. */
  get failedCommits(): number {
    return this.#failedCommits;
  }

  /** An error inside the relay, which no client can do anything about. */
  report(error: unknown): void {
    if (!(error instanceof StoreError)) {
      this.#logOnce("Something went wrong inside the relay", error);
      return;
    }
    this.#logOnce(error.message, error.cause);
    if (this.#storage?.kind !== "corrupt") this.#storage = error;
  }

  /** A group of changes could not be written; `report` says why. */
  commitFailed(): void {
    this.#failedCommits++;
  }

  /** Something was written: the disk is as it should be. */
  committed(): void {
    // What is damaged stays so, whatever else can be written.
    if (this.#storage === undefined || this.#storage.kind === "corrupt") return;
    this.#storage = undefined;
    this.#log.info("The relay can write to its disk again");
  }

  /** Says what is wrong with a part, or with nothing that it works. */
  set(part: string, problem?: Problem, cause?: unknown): void {
    if (problem === undefined) {
      this.#problems.delete(part);
      return;
    }
    this.#problems.set(part, problem);
    this.#logOnce(problem.reason, cause);
  }

  /** Adds a part that tells itself how it is; `undefined`: not there. */
  add(part: () => PartStatus | undefined): void {
    this.#added.push(part);
  }

  /** All parts of a running relay. */
  parts(sources: HealthSources, now = new Date()): PartStatus[] {
    return [
      this.#listener(sources),
      this.#store(sources),
      certificate(sources, now),
      ...this.#added.map((part) => part()).filter((part) => part !== undefined),
      ...Array.from(this.#problems, ([name, problem]): PartStatus => ({
        name,
        state: "degraded",
        ...problem,
      })),
    ];
  }

  #listener({ listener, maxConnections }: HealthSources): PartStatus {
    const { open, acceptErrors } = listener.stats();
    const name = "listener";
    if (acceptErrors > this.#acceptErrors) {
      this.#acceptErrors = acceptErrors;
      this.#acceptErrorAt = this.#now();
    }
    if (this.#now() - this.#acceptErrorAt < ACCEPT_MS) {
      return {
        name,
        state: "degraded",
        reason: "The system refused connections: too many are open.",
        remedy: "Allow more open files, with LimitNOFILE in the systemd " +
          "unit, or lower limits.connections.",
      };
    }
    if (open >= maxConnections) {
      return {
        name,
        state: "degraded",
        reason: `All of the ${maxConnections} connections are taken, so ` +
          "that other apps cannot connect.",
        remedy: "Raise limits.connections, if the machine has memory for it.",
      };
    }
    return { name, state: "ok" };
  }

  #store({ store }: HealthSources): PartStatus {
    const name = "storage";
    if (!store.hasRoom || this.#storage?.kind === "full") {
      return {
        name,
        state: "degraded",
        reason: "The disk is nearly full. Messages that wait can be " +
          "fetched, but no new ones are taken.",
        remedy: "Make room on the disk; the relay goes on by itself.",
      };
    }
    if (store.writingMs > SLOW_DISK_MS) {
      const seconds = Math.floor(store.writingMs / 1000);
      return {
        name,
        state: "down",
        reason: `The disk has not finished a write for ${seconds} seconds. ` +
          "Apps wait for it.",
        remedy: "Look at the disk or SD card: it may be failing. If it does " +
          "not come back, restart the machine.",
      };
    }
    if (this.#storage === undefined) return { name, state: "ok" };
    const { kind, message } = this.#storage;
    return {
      name,
      state: "down",
      reason: message,
      remedy: kind === "corrupt"
        ? "Put the data directory back from a backup, and look at the disk: " +
          "it may be dying."
        : "Look at the disk, then restart the relay.",
    };
  }

  #logOnce(message: string, cause: unknown): void {
    const now = this.#now();
    const until = this.#logged.get(message) ?? -Infinity;
    if (now < until) return;
    for (const [each, time] of this.#logged) {
      if (time <= now) this.#logged.delete(each);
    }
    this.#logged.set(message, now + REPEAT_MS);
    this.#log.error(message, cause);
  }
}

function certificate(
  { identity }: HealthSources,
  now: Date,
): PartStatus {
  const name = "certificate";
  const status = identity.certificateStatus(now);
  const day = identity.validTo.toISOString().slice(0, 10);
  const remedy = identity.hasCaKey
    ? "Move server.crt and server.key out of the data directory and restart " +
      "the relay: it makes new ones. Its address stays the same."
    : "Put ca.key back into the data directory, move server.crt and " +
      "server.key out of it, and restart the relay: it makes new ones.";
  switch (status) {
    case "valid":
      return { name, state: "ok" };
    case "expires soon":
      return {
        name,
        state: "degraded",
        reason: `The online certificate ends on ${day}. After that, apps ` +
          "cannot connect.",
        remedy,
      };
    case "expired":
      return {
        name,
        state: "down",
        reason: `The online certificate ended on ${day}. Apps cannot connect.`,
        remedy,
      };
    case "not valid yet":
      return {
        name,
        state: "down",
        reason: "The online certificate is not valid yet: the clock of this " +
          "machine is wrong, or was when it was made.",
        remedy: "Set the clock, then restart the relay.",
      };
  }
}
