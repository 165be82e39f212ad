/**
 * From an address to a TLS connection with the relay that it names.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { checkChain } from "../relay/identity/mod.ts";
import { hostInAddress, type RelayAddress } from "../relay/smp/mod.ts";
import { type Connection, dialTls } from "../relay/transport/mod.ts";
import {
  PROBE_TIMEOUT_MS,
  type ProbeOptions,
  StepFailure,
  type Steps,
} from "./steps.ts";

/** Most addresses that are tried. */
const MAX_PLACES = 8;

/** A connection, and where it leads. */
export interface Reached {
  readonly connection: Connection;
  /** IP address. */
  readonly host: string;
}

/**
 * Connects to every address of the relay, and keeps the first connection that
 * leads to the right one. `undefined` when none does.
 */
export async function reach(
  { hosts, fingerprint }: Pick<RelayAddress, "hosts" | "fingerprint">,
  port: number,
  { alpn, steps, ...options }: ProbeOptions & {
    readonly alpn: string;
    readonly steps: Steps;
  },
): Promise<Reached | undefined> {
  const places = await placesOf(hosts, { steps, ...options });
  let first: Reached | undefined;
  for (const host of places) {
    const timeoutMs = options.timeoutMs ?? PROBE_TIMEOUT_MS;
    const since = performance.now();
    const connection = await steps.run("connect", () =>
      dialTls(host, port, {
        alpn: [alpn],
        connectTimeoutMs: timeoutMs,
        handshakeTimeoutMs: timeoutMs,
        signal: options.signal,
      }), {
      tell: () =>
        `Connected to ${hostInAddress(host)}:${port} in ` +
        `${Math.round(performance.now() - since)} ms.`,
      optional: places.length > 1,
    });
    if (connection === undefined) continue;
    const right = await steps.run(
      "fingerprint",
      () => checkFingerprint(connection, fingerprint),
      { tell: () => "It is the relay of this address: its fingerprint fits." },
    );
    if (right === undefined || first !== undefined) await connection.close();
    else first = { connection, host };
  }
  if (first === undefined && steps.ok) {
    await steps.run("connect", () => {
      throw new StepFailure("None of its addresses can be reached from here.");
    }, { tell: () => "" });
  }
  return first;
}

function checkFingerprint(
  { peerCertificates }: Connection,
  fingerprint: Uint8Array,
): true {
  const fault = checkChain(peerCertificates, fingerprint);
  if (fault === "valid") return true;
  if (fault === "expired" || fault === "not valid yet") {
    throw new StepFailure(
      `Its certificate is ${fault}, or the clock of this machine is wrong.`,
    );
  }
  throw new StepFailure(
    "Another relay answers there: its fingerprint is not the one in the " +
      `address (${fault}).`,
    { remedy: "Ask for the right address, or look where the port leads to." },
  );
}

/** The IP addresses of all hosts. Onion names take Tor, which is not used. */
async function placesOf(
  hosts: readonly string[],
  { steps, signal }: ProbeOptions & { readonly steps: Steps },
): Promise<string[]> {
  const places: string[] = [];
  const reachable = hosts.filter((host) => !host.endsWith(".onion"));
  for (const host of reachable) {
    if (isIP(host) !== 0) {
      places.push(host);
      continue;
    }
    const found = await steps.run("resolve", () => resolve(host, signal), {
      tell: (found) => `${host} is ${found.join(", ")}.`,
      optional: reachable.length > 1,
    });
    places.push(...found ?? []);
  }
  if (reachable.length === 0) {
    await steps.run("resolve", () => {
      throw new StepFailure(
        "The address has only an onion name, which is reached through Tor.",
        { remedy: "Open it in the SimpleX app, with Tor." },
      );
    }, { tell: () => "" });
  }
  return [...new Set(places)].slice(0, MAX_PLACES);
}

/** getaddrinfo(3) cannot be broken off, only left alone. */
async function resolve(
  host: string,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const found = await Promise.race([
      lookup(host, { all: true }),
      aborted,
    ]);
    return [...new Set(found.map(({ address }) => address))];
  } catch (cause) {
    signal?.throwIfAborted();
    throw new StepFailure(
      `The name ${host} is not known: it does not exist, or the name server ` +
        "of this machine does not answer.",
      { cause },
    );
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
