/**
 * Whether the relay of this machine works: it answers its owner, and can be
 * used for messages and files as an app uses it.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { testOwnRelay } from "../probe/mod.ts";
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
  /** Ends the test. */
  readonly signal: AbortSignal;
}

/** The version of the relay that answers; `undefined` where none does. */
export async function runningVersion(
  socket: string,
): Promise<string | undefined> {
  try {
    const answer = await askRelay("/status", { socket, timeoutMs: ANSWER_MS });
    return textIn(answer, "version");
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
  const { config, signal } = options;
  try {
    const addresses = await whenUp(options);
    const schemes = config.xftp.enabled
      ? ["smp", "xftp"] as const
      : ["smp"] as const;
    for (const scheme of schemes) {
      const fault = await tryOut(scheme, { config, addresses, signal });
      if (fault !== undefined) return fault;
    }
    return undefined;
  } catch (error) {
    if (!signal.aborted) throw error;
    return "It did not show in time that it works.";
  }
}

/**
 * Its addresses, once the right version has started.
 *
 * @throws the reason of `signal`
 */
async function whenUp(
  { config, version, signal }: SelfTestOptions,
): Promise<string[]> {
  const { socket } = config.control;
  for (;;) {
    signal.throwIfAborted();
    if (await runningVersion(socket) === version) {
      const addresses = await addressesOf(socket);
      if (addresses.length > 0) return addresses;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

async function addressesOf(socket: string): Promise<string[]> {
  try {
    const answer = await askRelay("/address", {
      socket,
      timeoutMs: ANSWER_MS,
    });
    const list: unknown = typeof answer === "object" && answer !== null &&
        "addresses" in answer
      ? answer.addresses
      : [];
    if (!Array.isArray(list)) return [];
    return list.filter((each) => typeof each === "string");
  } catch (error) {
    if (error instanceof ControlError) return [];
    throw error;
  }
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
