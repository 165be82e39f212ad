/**
 * What the relay's status says of updates.
 *
 * @module
 */

import type { PartStatus } from "../relay/control/mod.ts";
import { MAX_TRIES } from "./choose.ts";
import type { Layout } from "./layout.ts";
import { readState, type UpdateState } from "./state.ts";
import { compareVersions } from "./version.ts";

/** How often the memory is read again, in milliseconds. */
const READ_EVERY_MS = 10_000;
/** The same while a version is being tried: it is decided within seconds. */
const READ_TRIAL_EVERY_MS = 1000;
/** A relay that has not heard of updates for so long is told of, in milliseconds. */
const SILENT_MS = 14 * 86_400_000;

/** Reads the memory now and then, so that the status can be asked at any time. */
export class UpdatePart implements Disposable {
  readonly #layout: Layout;
  readonly #version: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: UpdateState | undefined;

  private constructor(layout: Layout, version: string) {
    this.#layout = layout;
    this.#version = version;
  }

  /** Begins to read. `version`: the one that runs. */
  static async start(layout: Layout, version: string): Promise<UpdatePart> {
    const part = new UpdatePart(layout, version);
    await part.#read();
    part.#readAgain();
    return part;
  }

  /** How it stands; `undefined` where nothing can be known. */
  status(): PartStatus | undefined {
    if (this.#state === undefined) return undefined;
    return statusOf(this.#state, this.#version);
  }

  /** What programs are told. */
  answer(): UpdateAnswer {
    return answerOf(this.#state, this.#version);
  }

  #readAgain(): void {
    this.#timer = setTimeout(
      async () => {
        await this.#read();
        if (this.#timer !== undefined) this.#readAgain();
      },
      this.#state?.trial === undefined ? READ_EVERY_MS : READ_TRIAL_EVERY_MS,
    );
    Deno.unrefTimer(this.#timer);
  }

  async #read(): Promise<void> {
    try {
      this.#state = await readState(this.#layout);
    } catch {
      // Not ours to read: then nothing is said of it.
      this.#state = undefined;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Answer to `GET /update`. */
export interface UpdateAnswer {
  /** The version that runs. */
  readonly version: string;
  /** ISO 8601; not there where it was never looked. */
  readonly checked?: string;
  readonly channel?: string;
  readonly available?: string;
  /** Version that is being tried. */
  readonly trying?: string;
  /** Versions that were given up, and why. */
  readonly failed: Readonly<Record<string, string>>;
  readonly problem?: string;
}

/** The memory in words for programs. */
export function answerOf(
  state: UpdateState | undefined,
  version: string,
): UpdateAnswer {
  const { checkedAt, channel, available, trial, failures, problem } = state ??
    { failures: {} };
  return {
    version,
    checked: checkedAt === undefined
      ? undefined
      : new Date(checkedAt).toISOString(),
    channel,
    available: available?.version,
    trying: trial?.version,
    failed: Object.fromEntries(
      Object.entries(failures).map(([each, { reason }]) => [each, reason]),
    ),
    problem: problem?.reason,
  };
}

/** The memory in words for the owner. */
export function statusOf(
  state: UpdateState,
  version: string,
  now: Date = new Date(),
): PartStatus {
  const name = "update";
  const { trial, problem, available, checkedAt, updated, failures } = state;
  if (trial !== undefined) {
    return {
      name,
      state: "degraded",
      reason: `Version ${trial.version} is being tried.`,
      remedy: "It is decided within minutes. If not: sudo porchlight update",
    };
  }
  const [failed, failure] =
    Object.entries(failures).find(([each, { tries }]) =>
      tries >= MAX_TRIES && compareVersions(each, version) > 0
    ) ?? [];
  if (failure !== undefined && failure.reason !== "You went back from it.") {
    return {
      name,
      state: "degraded",
      reason: `Version ${failed} did not work here and was taken back: ` +
        failure.reason,
      remedy: "Nothing is lost. It waits for the next version; to try this " +
        "one again: sudo porchlight update --now",
    };
  }
  const silent = checkedAt !== undefined &&
    now.getTime() - checkedAt > SILENT_MS;
  if (problem !== undefined && (silent || checkedAt === undefined)) {
    return { name, state: "degraded", ...problem };
  }
  if (available !== undefined) {
    const taken = failures[available.version];
    if (taken !== undefined && taken.tries < MAX_TRIES) {
      return {
        name,
        state: "ok",
        note: `Version ${available.version} did not work here: ` +
          `${taken.reason} To try it again: sudo porchlight update`,
      };
    }
    return {
      name,
      state: "ok",
      note: `Version ${available.version} is there: sudo porchlight update`,
    };
  }
  if (checkedAt === undefined) {
    return { name, state: "ok", note: "Not looked for yet." };
  }
  const day = new Date(updated?.at ?? 0).toISOString().slice(0, 10);
  return {
    name,
    state: "ok",
    note: updated?.version === version
      ? `The newest version, since ${day}.`
      : "The newest version.",
  };
}
