/**
 * One probe of a relay: what an app does with it.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isPublic } from "../../nat/ip.ts";
import {
  type ProbeResult,
  type ProbeStep,
  testSmp,
  testXftp,
} from "../../probe/mod.ts";
import type { Descriptor, DescriptorAddress } from "../descriptor/mod.ts";
import type { ProbeOutcome } from "../registry/mod.ts";

/** How a probe is done. */
export interface ExamineOptions {
  /** Probe private addresses as well: for tests. */
  readonly allowLocal?: boolean;
  /** Time for each wait, ms. */
  readonly timeoutMs: number;
  /** False ends after the handshakes. */
  readonly full: boolean;
  readonly signal: AbortSignal;
}

/** Addresses of one name that are tried. */
const MAX_PLACES = 4;
/** Ports on which no relay is, and somebody could be annoyed. */
const PORTS_NOT_DIALLED = new Set([
  ...[7, 9, 13, 17, 19, 21, 22, 23, 25, 37, 53, 69, 79, 110, 111, 119, 123],
  ...[135, 137, 139, 143, 161, 389, 445, 465, 514, 587, 636, 873, 993, 995],
  ...[1433, 1521, 2049, 2375, 3306, 3389, 5060, 5432, 5900, 6379, 6667],
  ...[11211, 27017],
]);

/**
 * Probes all that the relay says it does. A relay that is not open, or full,
 * is only greeted.
 *
 * @throws the reason of the signal
 */
export async function examine(
  descriptor: Descriptor,
  options: ExamineOptions,
): Promise<ProbeOutcome> {
  let milliseconds: number | undefined;
  let host: string | undefined;
  for (const address of descriptor.addresses) {
    const result = await probe(descriptor, address, options);
    if (typeof result === "string") return failed(result);
    host ??= result.host === undefined || isIP(result.host) === 0
      ? undefined
      : result.host;
    if (!result.ok) {
      const step = result.steps.find(({ state }) => state === "failed");
      const { text = "It does not work.", remedy } = step ?? {};
      const what = address.scheme === "smp" ? "Messages" : "Files";
      return { ...failed(`${what}: ${text}`, remedy), host };
    }
    milliseconds = Math.max(milliseconds ?? 0, timeOf(result.steps));
  }
  return { milliseconds, host };
}

async function probe(
  { fingerprint, open, full: isFull }: Descriptor,
  { scheme, hosts, port }: DescriptorAddress,
  options: ExamineOptions,
): Promise<ProbeResult | string> {
  const { allowLocal = false, timeoutMs, signal } = options;
  if (!allowLocal && PORTS_NOT_DIALLED.has(port)) {
    return `Port ${port} belongs to something else, and is not probed.`;
  }
  // Names are looked up here and once, so that none leads into this network.
  const places = await placesOf(hosts, { allowLocal, signal });
  if (typeof places === "string") return places;
  const address = { scheme, fingerprint, port: String(port), hosts: places };
  const full = options.full && open && !isFull;
  return scheme === "smp"
    ? await testSmp(address, { timeoutMs, signal, full })
    : await testXftp(address, { timeoutMs, signal, full });
}

async function placesOf(
  hosts: readonly string[],
  { allowLocal, signal }: { allowLocal: boolean; signal: AbortSignal },
): Promise<string[] | string> {
  const places = new Set<string>();
  let unknown: string | undefined;
  for (const host of hosts) {
    if (host.endsWith(".onion")) continue;
    if (isIP(host) !== 0) places.add(host);
    else {
      try {
        const found = await lookup(host, { all: true });
        for (const { address } of found) places.add(address);
      } catch {
        unknown = host;
      }
      signal.throwIfAborted();
    }
  }
  const dialled = [...places].filter((each) => allowLocal || isPublic(each))
    .slice(0, MAX_PLACES);
  if (dialled.length > 0) return dialled;
  if (unknown !== undefined) return `The name ${unknown} is not known.`;
  return places.size > 0
    ? "Its address is not one that the world can reach."
    : "It has no address but an onion name, which is not probed.";
}

/** Time to connect and greet, ms. */
function timeOf(steps: readonly ProbeStep[]): number {
  const of = (name: ProbeStep["name"]) =>
    steps.find((step) => step.name === name && step.state === "ok")
      ?.milliseconds ?? 0;
  return Math.max(1, of("connect") + of("handshake"));
}

function failed(text: string, remedy?: string): ProbeOutcome {
  return { milliseconds: undefined, failure: { text, remedy } };
}
