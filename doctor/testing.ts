/**
 * Contexts for tests of checks.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { loadConfig } from "../config/mod.ts";
import type { Check, Verdict } from "./check.ts";
import type { DoctorContext } from "./context.ts";
import { machineAt } from "./machine.ts";

/** A relay of which nothing is wrong. */
export const running: DoctorContext["relay"] = {
  state: "running",
  status: {
    version: "0.1.0",
    state: "ok",
    uptimeSeconds: 7200,
    parts: [],
    counts: {},
  },
  addresses: [],
  path: undefined,
};

/** What a test says of the world; the rest is quiet. */
export interface World {
  readonly set?: readonly string[];
  /** Files under `/proc` and `/sys`, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly relay?: DoctorContext["relay"];
  readonly now?: Date;
  readonly configProblems?: readonly string[];
}

/** Runs a check in a world of its own; `directory` is its data directory. */
export async function ask(
  check: Check,
  { set = [], files = {}, relay, now, configProblems = [] }: World,
  directory?: string,
): Promise<Verdict[]> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      const place = join(root, path);
      await Deno.mkdir(dirname(place), { recursive: true });
      await Deno.writeTextFile(place, text);
    }
    const data = directory ?? join(root, "data");
    const config = loadConfig({
      set: [`data.directory=${data}`, ...set],
      env: {},
    });
    return await check.run({
      config,
      configFile: join(data, "porchlight.toml"),
      configProblems,
      relay: relay ?? { state: "stopped" },
      machine: machineAt(root),
      now: now ?? new Date("2026-12-24T18:00:00Z"),
      signal: new AbortController().signal,
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** `result: what` of each. */
export function short(verdicts: readonly Verdict[]): string[] {
  return verdicts.map(({ result, what }) => `${result}: ${what}`);
}
