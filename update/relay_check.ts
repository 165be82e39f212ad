/**
 * Whether the relay of this machine works: it answers its owner, and can be
 * used for messages and files as an app uses it.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { testOwnRelay } from "../probe/mod.ts";
import type { Expectation } from "./state.ts";
import { askRelay, ControlError } from "../relay/control/mod.ts";

/** How often a relay that starts is asked, in milliseconds. */
const ASK_MS = 300;
const ANSWER_MS = 3000;
/** How long one step of the test may take, in milliseconds. */
const STEP_MS = 10_000;

/** What is expected of the relay. */
export interface SelfTestOptions {
  readonly config: Config;
  /** The version that must answer. */
  readonly version: string;
  /** `answers`: it only has to come up. */
  readonly expect: Expectation;
  /** Breaks it off. */
  readonly signal: AbortSignal;
  /** How long all of it may take, in milliseconds; a minute unless given. */
  readonly withinMs?: number;
}

const WITHIN_MS = 60_000;
/** A relay that says that it is starting (a store is being converted) has so many times as long. */
const STARTING_FACTOR = 10;

/** The version of the relay that answers; `undefined` where none does. */
export async function runningVersion(
  socket: string,
): Promise<string | undefined> {
  return textIn(await ask("/status", socket), "version");
}

/** Its answer; `undefined` where it gives none. */
async function ask(path: string, socket: string): Promise<unknown> {
  try {
    return await askRelay(path, { socket, timeoutMs: ANSWER_MS });
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}

/**
 * Waits until the relay answers and tries it out. `undefined`: it works; else
 * what is wrong with it, in a sentence.
 */
export async function selfTest(
  options: SelfTestOptions,
): Promise<string | undefined> {
  const { config } = options;
  const within = options.withinMs ?? WITHIN_MS;
  const begun = performance.now();
  const addresses = await whenUp(options, { begun, within });
  if (typeof addresses === "string") return addresses;
  if (options.expect !== "works") return undefined;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), within);
  const signal = AbortSignal.any([options.signal, late.signal]);
  const schemes = config.xftp.enabled
    ? ["smp", "xftp"] as const
    : ["smp"] as const;
  try {
    for (const scheme of schemes) {
      const fault = await tryOut(scheme, { config, addresses, signal });
      if (fault !== undefined) return fault;
    }
    return undefined;
  } catch (error) {
    if (!signal.aborted) throw error;
    return "It answers, and did not show in time that it can be used.";
  } finally {
    clearTimeout(timer);
  }
}

/** Its addresses, once the right version has started; or why it has none. */
async function whenUp(
  { config, version, signal }: SelfTestOptions,
  { begun, within }: { begun: number; within: number },
): Promise<string[] | string> {
  const { socket } = config.control;
  let starting = false;
  for (;;) {
    const took = performance.now() - begun;
    if (signal.aborted || took > within * (starting ? STARTING_FACTOR : 1)) {
      return starting ? "It never got ready." : "It did not come up.";
    }
    starting = false;
    if (await runningVersion(socket) === version) {
      const addresses = addressesIn(await ask("/address", socket));
      if (addresses.length > 0) return addresses;
      starting = true;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

function addressesIn(answer: unknown): string[] {
  const list: unknown = typeof answer === "object" && answer !== null &&
      "addresses" in answer
    ? answer.addresses
    : [];
  if (!Array.isArray(list)) return [];
  return list.filter((each) => typeof each === "string");
}

async function tryOut(
  scheme: "smp" | "xftp",
  { config, addresses, signal }: {
    config: Config;
    addresses: readonly string[];
    signal: AbortSignal;
  },
): Promise<string | undefined> {
  const result = await testOwnRelay(scheme, {
    config,
    addresses,
    signal,
    timeoutMs: STEP_MS,
  });
  const what = scheme === "smp" ? "messages" : "files";
  if (result === undefined) return `It has no address for ${what}.`;
  if (result.ok) return undefined;
  const failed = result.steps.find(({ state }) => state === "failed");
  return `It cannot be used for ${what}: ${failed?.text ?? "it broke off."}`;
}

function textIn(answer: unknown, name: string): string | undefined {
  if (typeof answer !== "object" || answer === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(answer, name)?.value;
  return typeof value === "string" ? value : undefined;
}
