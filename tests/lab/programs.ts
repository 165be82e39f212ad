/**
 * Our own programs, run to their end in places of the lab.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Lab } from "./lab.ts";
import type { LabRelay } from "./lab_relay.ts";

const CLIENT = fileURLToPath(new URL("client.ts", import.meta.url));
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** `porchlight …` in a place; what it printed. It has to succeed. */
export function porchlight(
  lab: Lab,
  place: string,
  words: readonly string[],
): Promise<string> {
  return run(lab, place, [MAIN, ...words]);
}

/** `porchlight …` as the owner of a relay runs it beside the relay. */
export function asOwner(
  lab: Lab,
  { place, directory }: LabRelay,
  ...words: string[]
): Promise<string> {
  return porchlight(lab, place, [...words, "--data", directory]);
}

/** A queue is created at this address, used and deleted. */
export async function useRelay(
  lab: Lab,
  address: string,
  place = "client",
): Promise<void> {
  await run(lab, place, [CLIENT, address]);
}

async function run(
  lab: Lab,
  place: string,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await lab.run(place, [
    ...[Deno.execPath(), "run", "-A", "--quiet", ...args],
  ], { env: { NO_COLOR: "1" } });
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}
