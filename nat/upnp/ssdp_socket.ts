/**
 * Sockets for SSDP on the network of a router.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import type { RouterLink } from "../mapping.ts";
import { familyOf, isLinkLocal } from "./local_network.ts";

/** Port of SSDP. */
export const SSDP_PORT = 1900;
/** Group of SSDP, site-wide in IPv4, of the link in IPv6. */
export const SSDP_GROUP = { 4: "239.255.255.250", 6: "ff02::c" } as const;

/** An open UDP socket. */
export interface SsdpSocket extends AsyncDisposable {
  readonly socket: Socket;
}

/**
 * Opens a socket that sends to the group on the network of `link`.
 *
 * @param options.listen port and group to listen to; without it the socket
 * only hears answers
 * @throws the system's error
 */
export async function openSsdpSocket(
  link: RouterLink,
  options: {
    readonly listen?: { readonly port: number; readonly multicast: boolean };
  } = {},
): Promise<SsdpSocket> {
  const family = familyOf(link);
  const socket = createSocket(
    family === 4 ? { type: "udp4", reuseAddr: options.listen !== undefined } : {
      type: "udp6",
      reuseAddr: options.listen !== undefined,
      ipv6Only: true,
    },
  );
  const opened = Promise.withResolvers<void>();
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  socket.once("error", opened.reject);
  const zoned = `::%${link.interfaceName}`;
  try {
    if (options.listen === undefined) {
      const address = isLinkLocal(link.localAddress) ? "::" : link.localAddress;
      socket.bind({ port: 0, address }, opened.resolve);
    } else {
      const any = family === 4 ? "0.0.0.0" : "::";
      const address = options.listen.multicast ? any : link.localAddress;
      socket.bind({ port: options.listen.port, address }, opened.resolve);
    }
    await opened.promise;
    const outgoing = family === 4 ? link.localAddress : zoned;
    socket.setMulticastInterface(outgoing);
    socket.setMulticastTTL(2);
    if (options.listen?.multicast) {
      socket.addMembership(SSDP_GROUP[family], outgoing);
    }
  } catch (error) {
    socket.close();
    await closed;
    throw error;
  }
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}
