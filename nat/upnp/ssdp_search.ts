/**
 * Finds the devices that say they are a router, the router itself first.
 *
 * @module
 */

import type { RouterLink } from "../mapping.ts";
import {
  familyOf,
  mayAnnounce,
  plainAddress,
  withZone,
} from "./local_network.ts";
import { decodeSsdp, encodeSearch } from "./ssdp_message.ts";
import { openSsdpSocket, SSDP_GROUP, SSDP_PORT } from "./ssdp_socket.ts";

/** A device that answered. */
export interface Found {
  readonly location: URL;
  /** It is the router of the link, not some other device. */
  readonly isGateway: boolean;
}

/** Where to ask. */
export interface SearchTarget {
  readonly address: string;
  readonly port: number;
}

/** In the order in which they are preferred. */
const TARGETS: readonly string[] = [
  "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
  "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "urn:schemas-upnp-org:service:WANIPConnection:1",
  "urn:schemas-upnp-org:service:WANPPPConnection:1",
];
/** Asked of the router only, where nothing else found it. */
const ANY_DEVICE = "upnp:rootdevice";

/** When questions go out, ms after the start: datagrams get lost. */
const SEND_AT_MS = [0, 300, 1_000];
/** End of the search, ms. Devices may take 1 s for their answer (MX: 1). */
const END_MS = 2_500;
/** After the router's first answer, for a better one of its own, ms. */
const BETTER_ONE_MS = 50;
/** After the first answer of another device, for the router's, ms. */
const GATEWAY_MS = 700;
/** Devices that are looked at; a network may have liars. */
const MAX_FOUND = 8;

/** The group, and the router itself. */
export function defaultTargets(link: RouterLink): SearchTarget[] {
  return [SSDP_GROUP[familyOf(link.localAddress)], link.gateway]
    .map((address) => ({ address, port: SSDP_PORT }));
}

/**
 * Searches until the router has answered, or it is clear that it will not.
 *
 * @returns what was found, the router and newer versions first; may be empty
 * @throws the system's error when the socket cannot be opened
 * @throws the signal's reason
 */
export async function searchSsdp(
  link: RouterLink,
  options: {
    readonly signal: AbortSignal;
    readonly targets?: readonly SearchTarget[];
  },
): Promise<Found[]> {
  const { signal, targets = defaultTargets(link) } = options;
  signal.throwIfAborted();
  const found = new Map<string, Found & { readonly rank: number }>();
  const done = Promise.withResolvers<void>();
  await using opened = await openSsdpSocket(link);
  const { socket } = opened;
  socket.on("error", done.reject);

  const timers: ReturnType<typeof setTimeout>[] = [];
  const later = (run: () => void, delay: number) =>
    timers.push(setTimeout(run, delay));
  let sawGateway = false;
  let sawOther = false;
  socket.on("message", (bytes: Uint8Array, sender: { address: string }) => {
    const message = decodeSsdp(bytes);
    if (message?.kind !== "answer" || message.location === undefined) return;
    const { location } = message;
    if (
      !mayAnnounce(location.hostname, { sender: sender.address, link })
    ) return;
    const rank = TARGETS.indexOf(message.target);
    const asked = message.target === ANY_DEVICE ? TARGETS.length : rank;
    if (asked === -1) return;
    const isGateway = isRouter(link, [sender.address, location.hostname]);
    const known = found.get(location.href);
    if (known === undefined && found.size >= MAX_FOUND && !isGateway) return;
    if (found.size >= 2 * MAX_FOUND) return;
    if (known === undefined || asked < known.rank) {
      found.set(location.href, { location, isGateway, rank: asked });
    }
    if (isGateway && asked === 0) {
      done.resolve();
    } else if (isGateway && !sawGateway) {
      later(done.resolve, BETTER_ONE_MS);
    } else if (!sawOther) {
      later(done.resolve, GATEWAY_MS);
    }
    if (isGateway) sawGateway = true;
    else sawOther = true;
  });

  const sendTo = (target: SearchTarget, search: string) => {
    const host = familyOf(target.address) === 4
      ? target.address
      : `[${plainAddress(target.address)}]`;
    const datagram = encodeSearch({
      host: `${host}:${target.port}`,
      target: search,
    });
    // A target that cannot be reached is one that does not answer.
    socket.send(
      datagram,
      target.port,
      withZone(target.address, link),
      () => {},
    );
  };
  const send = (round: number) => {
    for (const search of TARGETS) {
      for (const target of targets) sendTo(target, search);
    }
    if (round > 0) {
      for (const target of targets) {
        if (target.address === link.gateway) sendTo(target, ANY_DEVICE);
      }
    }
  };
  const onAbort = () => done.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    SEND_AT_MS.forEach((delay, round) => later(() => send(round), delay));
    later(done.resolve, END_MS);
    await done.promise;
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener("abort", onAbort);
  }
  return [...found.values()].sort((a, b) =>
    Number(b.isGateway) - Number(a.isGateway) || a.rank - b.rank
  );
}

/** Whether one of the addresses is that of the link's router. */
export function isRouter(
  link: RouterLink,
  addresses: readonly string[],
): boolean {
  const gateway = plainAddress(link.gateway);
  return addresses.some((address) => plainAddress(address) === gateway);
}
