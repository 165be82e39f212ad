/**
 * Finds the devices that say they are a router, the router itself first.
 *
 * @module
 */

import type { Socket } from "node:dgram";
import { addressFamily } from "../ip.ts";
import type { RouterLink } from "../mapping.ts";
import {
  familyOf,
  isGateway,
  mayAnnounce,
  plainAddress,
  withZone,
} from "./local_network.ts";
import { decodeSsdp, encodeSearch } from "./ssdp_message.ts";
import { openSsdpSocket, SSDP_GROUP, SSDP_PORT } from "./ssdp_socket.ts";

/** A description that somebody offers. */
export interface Found {
  readonly location: URL;
  /** It is the router of the link who offers it, not some other device. */
  readonly fromGateway: boolean;
  /** What was asked for: the less, the better. */
  readonly rank: number;
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
/**
 * After the first answer of another device, for the router's, ms. An IPv6
 * router is known by its link-local address and often answers from another:
 * there the first answer mostly is the router's.
 */
const GATEWAY_MS = { 4: 700, 6: 150 } as const;
/** Offers of the router, and of all others; a network may have liars. */
const MAX_OFFERS = 8;

/** The group, and the router itself. */
export function defaultTargets(link: RouterLink): SearchTarget[] {
  return [SSDP_GROUP[familyOf(link)], link.gateway]
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
): Promise<readonly Found[]> {
  const { signal, targets = defaultTargets(link) } = options;
  signal.throwIfAborted();
  await using opened = await openSsdpSocket(link);
  const { socket } = opened;
  const done = Promise.withResolvers<void>();
  const timers: ReturnType<typeof setTimeout>[] = [];
  const later = (run: () => void, delay: number) =>
    timers.push(setTimeout(run, delay));
  const offers = new Offers(link);
  socket.on("error", done.reject);
  socket.on("message", (bytes: Uint8Array, sender: { address: string }) => {
    const patience = offers.take(bytes, sender.address);
    if (patience !== undefined) later(done.resolve, patience);
  });
  const onAbort = () => done.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    SEND_AT_MS.forEach((delay, round) =>
      later(() => sendSearches(socket, { link, targets, round }), delay)
    );
    later(done.resolve, END_MS);
    await done.promise;
  } finally {
    timers.forEach(clearTimeout);
    signal.removeEventListener("abort", onAbort);
  }
  return offers.sorted();
}

function sendSearches(
  socket: Socket,
  options: {
    readonly link: RouterLink;
    readonly targets: readonly SearchTarget[];
    readonly round: number;
  },
): void {
  const { link, targets, round } = options;
  for (const { address, port } of targets) {
    const host = addressFamily(address) === 4
      ? address
      : `[${plainAddress(address)}]`;
    const askAny = round > 0 && isGateway(link, [address]);
    for (const target of askAny ? [...TARGETS, ANY_DEVICE] : TARGETS) {
      const datagram = encodeSearch({ host: `${host}:${port}`, target });
      // A target that cannot be reached is one that does not answer.
      socket.send(datagram, port, withZone(address, link), () => {});
    }
  }
}

/** What was offered so far, and how long to wait for something better. */
class Offers {
  readonly #link: RouterLink;
  readonly #found = new Map<string, Found>();

  constructor(link: RouterLink) {
    this.#link = link;
  }

  /**
   * Takes a datagram in.
   *
   * @returns how long the search is still worth it, ms; `undefined`: this
   * datagram changes nothing
   */
  take(bytes: Uint8Array, sender: string): number | undefined {
    const message = decodeSsdp(bytes);
    if (message?.kind !== "answer" || message.location === undefined) return;
    const { location, target } = message;
    const rank = [...TARGETS, ANY_DEVICE].indexOf(target);
    if (rank === -1) return;
    const link = this.#link;
    if (!mayAnnounce(location.hostname, { sender, link })) return;
    const fromGateway = isGateway(link, [sender, location.hostname]);
    const known = this.#found.get(location.href);
    if (known !== undefined && known.rank <= rank) return;
    const alike = [...this.#found.values()]
      .filter((one) => one.fromGateway === fromGateway);
    if (known === undefined && alike.length >= MAX_OFFERS) return;
    this.#found.set(location.href, { location, fromGateway, rank });
    if (!fromGateway) return GATEWAY_MS[familyOf(link)];
    return rank === 0 ? 0 : BETTER_ONE_MS;
  }

  /** The router's first, then the newer versions. */
  sorted(): readonly Found[] {
    return [...this.#found.values()].sort((a, b) =>
      Number(b.fromGateway) - Number(a.fromGateway) || a.rank - b.rank
    );
  }
}
