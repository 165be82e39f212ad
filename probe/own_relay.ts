/**
 * Trying out the relay of this very machine.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import { parseServerAddress, type ServerAddress } from "../relay/smp/mod.ts";
import { testSmp } from "./smp.ts";
import type { ProbeOptions, ProbeResult } from "./steps.ts";
import { testXftp } from "./xftp.ts";

/** What the test of one's own relay needs to know. */
export interface OwnRelayOptions extends Omit<ProbeOptions, "full"> {
  readonly config: Config;
  /** As the running relay tells them. */
  readonly addresses: readonly string[];
}

/**
 * Uses the relay as an app would, from this machine, whatever the router
 * makes of its port. Creates nothing where new queues or files are switched
 * off. `undefined`: it has no address of this kind.
 *
 * @throws the reason of `signal`
 */
export async function testOwnRelay(
  scheme: "smp" | "xftp",
  { config, addresses, ...options }: OwnRelayOptions,
): Promise<ProbeResult | undefined> {
  const text = addresses.find((each) => each.startsWith(`${scheme}:`));
  if (text === undefined) return undefined;
  const address = onThisMachine(parseServerAddress(text), config);
  const test = scheme === "smp" ? testSmp : testXftp;
  return await test(address, { ...options, full: takesNew(scheme, config) });
}

/** Whether new queues or files may be made. */
export function takesNew(
  scheme: "smp" | "xftp",
  { smp, xftp }: Config,
): boolean {
  return scheme === "smp" ? smp.newQueues : xftp.newFiles;
}

/** The relay's own port, whatever the router makes of it. */
function onThisMachine(
  address: ServerAddress,
  { listen, address: { port } }: Config,
): ServerAddress {
  const [first] = listen.addresses.map((each) =>
    each.replace(/^\[(.*)\]$/, "$1")
  );
  const host = listen.addresses.includes("0.0.0.0")
    ? "127.0.0.1"
    : first === "::"
    ? "::1"
    : first;
  const [own] = listen.ports;
  return {
    ...address,
    hosts: [host],
    // Port 0 is any free one, which the address then tells.
    port: own === 0 && port === 0 ? address.port : String(own),
  };
}
