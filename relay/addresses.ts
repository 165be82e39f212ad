/**
 * The addresses under which the relay can be added to the SimpleX app.
 *
 * @module
 */

import type { Config } from "../config/mod.ts";
import type { Identity } from "./identity/mod.ts";
import { machineHosts } from "./machine_hosts.ts";
import { formatServerAddress } from "./smp/mod.ts";

/** What an address is made of. */
export interface AddressParts {
  readonly config: Config;
  readonly identity: Identity;
  /** Ports that the relay listens on. */
  readonly ports: readonly number[];
  /** Its name in the Tor network, if it has one. */
  readonly onionHost?: string;
}

/**
 * Addresses for messages, then those for files; in each the one that the owner
 * chose or that reaches furthest first. With a password for creating queues or
 * files they have it: the app needs it.
 */
export function relayAddresses(
  { config, identity, ports, onionHost }: AddressParts,
): string[] {
  const port = config.address.port || ports[0];
  const hosts = config.address.hosts.length > 0
    ? [config.address.hosts]
    : machineHosts().map((host) => [host]);
  // Behind the others: apps without Tor take the first they can use.
  const onion = onionHost === undefined ? [] : [onionHost];
  const addressesOf = (scheme: "smp" | "xftp", password: string) =>
    hosts.map((names) =>
      formatServerAddress({
        scheme,
        hosts: names.some((name) => name.endsWith(".onion"))
          ? names
          : [...names, ...onion],
        port: String(port),
        fingerprint: identity.fingerprint,
        password: password || undefined,
      })
    );
  return [
    ...addressesOf("smp", config.smp.createPassword),
    ...config.xftp.enabled
      ? addressesOf("xftp", config.xftp.createPassword)
      : [],
  ];
}
