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
  /** Where the world reaches the relay, the most useful first. */
  readonly advertised?: readonly AdvertisedHost[];
}

/** Where the world reaches the relay. */
export interface AdvertisedHost {
  readonly host: string;
  readonly port: number;
  /** Somebody outside has come that way. */
  readonly confirmed: boolean;
}

/** From where an address can be reached. */
export type AddressReach =
  /** From everywhere: somebody outside has tried it. */
  | "everywhere"
  /** From everywhere, probably: nobody has tried. */
  | "unchecked"
  /** From the network that this machine is in, and perhaps from nowhere else. */
  | "home"
  /** The owner has set it, and knows. */
  | "set";

/** An address, and from where it can be reached. */
export interface ReachedAddress {
  readonly address: string;
  readonly reach: AddressReach;
}

/**
 * Addresses for messages, then those for files; in each the one that the owner
 * chose or that reaches furthest first. With a password for creating queues or
 * files they have it: the app needs it.
 */
export function reachedAddresses(parts: AddressParts): ReachedAddress[] {
  const { config, identity, onionHost } = parts;
  // Behind the others: apps without Tor take the first they can use.
  const onion = onionHost === undefined ? [] : [onionHost];
  const places = placesOf(parts);
  const addressesOf = (scheme: "smp" | "xftp", password: string) =>
    places.map(({ hosts, port, reach }): ReachedAddress => ({
      address: formatServerAddress({
        scheme,
        hosts: hosts.some((name) => name.endsWith(".onion"))
          ? hosts
          : [...hosts, ...onion],
        port: String(port),
        fingerprint: identity.fingerprint,
        password: password || undefined,
      }),
      reach,
    }));
  return [
    ...addressesOf("smp", config.smp.createPassword),
    ...config.xftp.enabled
      ? addressesOf("xftp", config.xftp.createPassword)
      : [],
  ];
}

/** The same as text. */
export function relayAddresses(parts: AddressParts): string[] {
  return reachedAddresses(parts).map(({ address }) => address);
}

interface Place {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly reach: AddressReach;
}

/** What the owner has set wins; else what is found, then this machine. */
function placesOf(
  { config, ports, advertised = [] }: AddressParts,
): Place[] {
  const port = config.address.port || ports[0];
  const { hosts } = config.address;
  if (hosts.length > 0) return [{ hosts, port, reach: "set" }];
  const outside = samePort(
    advertised.filter(({ host }) => !host.endsWith(".onion")),
  );
  const told = new Set(outside.flatMap(({ hosts }) => hosts));
  const home = machineHosts().filter((host) => !told.has(host));
  // The port of this machine: that outside may be another.
  return [
    ...outside,
    ...home.filter((host) => host !== "localhost" || outside.length === 0)
      .map((host): Place => ({
        hosts: [host],
        port: outside.length > 0 ? ports[0] : port,
        reach: "home",
      })),
  ];
}

/** An address has one port for all of its hosts. */
function samePort(advertised: readonly AdvertisedHost[]): Place[] {
  const ports = new Set(advertised.map(({ port }) => port));
  return Array.from(ports, (port) => {
    const same = advertised.filter((each) => each.port === port);
    const confirmed = same.every((each) => each.confirmed);
    return {
      hosts: same.map(({ host }) => host),
      port,
      reach: confirmed ? "everywhere" : "unchecked",
    };
  });
}
