/**
 * Hears what the router says of itself without being asked: that it is there,
 * that it has started anew, that it goes.
 *
 * @module
 */

import { MappingError, type RouterLink } from "../mapping.ts";
import { isGateway, mayAnnounce, plainAddress } from "./local_network.ts";
import { decodeSsdp, type SsdpMessage } from "./ssdp_message.ts";
import { openSsdpSocket, SSDP_PORT } from "./ssdp_socket.ts";

/** What the router said. */
export interface RouterNotice {
  /** `gone`: it takes its leave; what it granted may not come back. */
  readonly kind: "alive" | "gone";
  /**
   * It is known to have started anew, moved its description, or come back
   * after its leave: what it granted is probably forgotten. Otherwise it only
   * repeats itself; older routers say no more even after a restart.
   */
  readonly changed: boolean;
}

/** A router repeats itself in bursts; once in this time is enough, ms. */
const REPEAT_MS = 5_000;

/**
 * Watches until `signal` is aborted, and resolves then.
 *
 * Only the router of `link` is heard. It should be asked what it still knows
 * before anything is believed: any device of the network can send in its name.
 *
 * @throws {MappingError} `no network` when the group cannot be joined
 */
export async function watchSsdp(
  options: {
    readonly link: RouterLink;
    readonly signal: AbortSignal;
    readonly onAlive: (notice: RouterNotice) => void;
    /** Port to listen to; the group is joined only on the default one. */
    readonly port?: number;
  },
): Promise<void> {
  const { link, signal, onAlive, port = SSDP_PORT } = options;
  if (signal.aborted) return;
  const ended = Promise.withResolvers<void>();
  const onAbort = () => ended.resolve();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const multicast = port === SSDP_PORT;
    await using opened = await openSsdpSocket(link, {
      listen: { port, multicast },
    });
    const { socket } = opened;
    const notices = new NoticeFilter(Date.now);
    socket.on("error", ended.reject);
    socket.on("message", (bytes: Uint8Array, sender: { address: string }) => {
      const message = decodeSsdp(bytes);
      if (message === undefined || !isFromRouter(message, sender.address)) {
        return;
      }
      const notice = notices.take(message);
      if (notice !== undefined && !signal.aborted) onAlive(notice);
    });
    await ended.promise;
  } catch (cause) {
    throw new MappingError(
      "no network",
      `Cannot hear the router's notices on ${link.interfaceName}.`,
      { cause },
    );
  } finally {
    signal.removeEventListener("abort", onAbort);
  }

  function isFromRouter(message: SsdpMessage, sender: string): boolean {
    const { location } = message;
    if (location === undefined) return isGateway(link, [sender]);
    const { hostname } = location;
    return isGateway(link, [sender, hostname]) &&
      mayAnnounce(hostname, { sender, link });
  }
}

/** Makes one notice of the many datagrams in which a router says one thing. */
export class NoticeFilter {
  readonly #now: () => number;
  #gone = false;
  #bootId: number | undefined;
  #place: string | undefined;
  #lastAt = -Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns `undefined` for what was said before, and for mere answers */
  take(message: SsdpMessage): RouterNotice | undefined {
    if (message.kind === "answer" || !concernsGateway(message.target)) return;
    if (message.kind === "byebye") {
      if (this.#gone) return;
      this.#gone = true;
      return { kind: "gone", changed: true };
    }
    const place = message.location === undefined
      ? undefined
      : `${plainAddress(message.location.hostname)}:${message.location.port}`;
    const changed = this.#gone ||
      (this.#bootId !== undefined && message.bootId !== this.#bootId) ||
      (this.#place !== undefined && place !== this.#place);
    const now = this.#now();
    if (!changed && now - this.#lastAt < REPEAT_MS) return;
    this.#gone = false;
    this.#bootId = message.bootId;
    this.#place = place;
    this.#lastAt = now;
    return { kind: "alive", changed };
  }
}

/** Not the router's other talents, such as a media server. */
function concernsGateway(target: string): boolean {
  return /:(?:InternetGatewayDevice|WAN(?:Connection)?Device|WANIPConnection|WANPPPConnection|WANIPv6FirewallControl):[0-9]{1,2}$/
    .test(target);
}
