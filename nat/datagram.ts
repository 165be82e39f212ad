/**
 * Questions to a router in single datagrams: PCP and NAT-PMP share the port
 * and the manner (RFC 6886 section 3.1, RFC 6887 section 8.1.1).
 *
 * @module
 */

import dgram from "node:dgram";
import {
  addressFamily,
  inRange,
  parseAddress,
  parseRange,
  sameAddress,
} from "./ip.ts";
import { MappingError, type RouterLink } from "./mapping.ts";

/** UDP port of the router for PCP and NAT-PMP. */
export const ROUTER_PORT = 5351;
/** UDP port of this machine for what routers tell unasked. */
export const NEWS_PORT = 5350;
/** Largest PCP message (RFC 6887 section 7), bytes. */
export const MAX_DATAGRAM = 1100;

/**
 * How long each sending is waited for, milliseconds. The RFCs begin with 250 ms
 * (NAT-PMP) and 3 s (PCP); a router in the house answers in a few.
 */
export const PATIENT_WAITS: readonly number[] = [250, 500, 1000, 1500];
/** For checks, that come again anyway. */
export const SHORT_WAITS: readonly number[] = [300, 700];

/**
 * Sends `request` to the router until `read` takes an answer of it. Datagrams
 * from others, and those that `read` answers with `undefined`, count for
 * nothing.
 *
 * @throws {MappingError} `no answer`, `no network`; what `read` throws
 * @throws the reason of `signal`
 */
export function askRouter<T>(
  request: Uint8Array,
  options: {
    readonly link: RouterLink;
    readonly signal: AbortSignal;
    readonly read: (answer: Uint8Array) => T | undefined;
    readonly waits?: readonly number[];
  },
): Promise<T> {
  const { link, signal, read, waits = PATIENT_WAITS } = options;
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(udpType(link.gateway));
    let timer: ReturnType<typeof setTimeout> | undefined;
    let sent = 0;
    let trouble: Error | undefined;
    let settled = false;

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.close();
      finish();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const send = () => {
      if (settled) return;
      if (sent === waits.length) {
        settle(() => reject(silence(link, trouble)));
        return;
      }
      timer = setTimeout(send, waits[sent++]);
      socket.send(request, ROUTER_PORT, link.gateway, (error) => {
        if (error) trouble = error;
      });
    };

    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => settle(() => reject(noNetwork(link, error))));
    socket.on("message", (answer, sender) => {
      if (
        sender.port !== ROUTER_PORT ||
        !sameAddress(sender.address, link.gateway) ||
        answer.length > MAX_DATAGRAM
      ) return;
      try {
        const value = read(answer);
        if (value !== undefined) settle(() => resolve(value));
      } catch (error) {
        settle(() => reject(error));
      }
    });
    socket.bind(
      { address: link.sendFrom ?? link.localAddress, port: 0 },
      send,
    );
  });
}

/**
 * Listens for what routers tell unasked, at 224.0.0.1:5350 or [ff02::1]:5350,
 * and calls `onNews` with datagrams of the router of `link`. Resolves when
 * `signal` has ended and the socket is closed, or when it cannot be had.
 */
export function listenForNews(
  options: {
    readonly link: RouterLink;
    readonly signal: AbortSignal;
    readonly onNews: (news: Uint8Array) => void;
  },
): Promise<void> {
  const { link, signal, onNews } = options;
  // A router beyond the first one is not on this network.
  if (signal.aborted || link.sendFrom !== undefined) return Promise.resolve();
  const ipv6 = addressFamily(link.gateway) === 6;
  return new Promise((resolve) => {
    const socket = dgram.createSocket({
      type: udpType(link.gateway),
      reuseAddr: true,
    });
    let closed = false;
    const close = () => {
      if (closed) return;
      closed = true;
      signal.removeEventListener("abort", close);
      socket.close(() => resolve());
    };
    signal.addEventListener("abort", close, { once: true });
    // The port taken by another program, no multicast: checks do without.
    socket.on("error", close);
    socket.on("message", (news, sender) => {
      if (
        sender.port === ROUTER_PORT && isOfRouter(sender.address, link) &&
        news.length <= MAX_DATAGRAM
      ) onNews(news);
    });
    socket.bind(NEWS_PORT, () => {
      if (closed) return;
      try {
        if (ipv6) socket.addMembership("ff02::1", `::%${link.interfaceName}`);
        else socket.addMembership("224.0.0.1", link.localAddress);
      } catch {
        close();
      }
    });
  });
}

/**
 * IPv6 routers send multicast from their link-local address, whichever address
 * the route names.
 */
function isOfRouter(address: string, link: RouterLink): boolean {
  return sameAddress(address, link.gateway) ||
    (isLinkLocal(address) && !isLinkLocal(link.gateway));
}

function isLinkLocal(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes?.length === 16 && inRange(bytes, LINK_LOCAL);
}

const LINK_LOCAL = parseRange("fe80::/10");

function udpType(gateway: string): "udp4" | "udp6" {
  return addressFamily(gateway) === 6 ? "udp6" : "udp4";
}

function silence(link: RouterLink, trouble: Error | undefined): MappingError {
  return trouble === undefined
    ? new MappingError("no answer", `${link.gateway} does not answer`)
    : noNetwork(link, trouble);
}

function noNetwork(link: RouterLink, cause: Error): MappingError {
  return new MappingError(
    "no network",
    `Cannot reach the router ${link.gateway}`,
    { cause },
  );
}
