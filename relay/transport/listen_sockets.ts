/**
 * The TCP sockets of a listener: all of IPv6 and IPv4 where the machine has
 * both, IPv4 alone where it has not.
 *
 * @module
 */

import { TlsError } from "./tls_error.ts";

/** Where to listen. */
export interface ListenAddress {
  /**
   * IP address; left out: all of IPv6 and IPv4, or IPv4 alone on a machine
   * without IPv6.
   */
  readonly hostname?: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
}

const BACKLOG = 1024;

/**
 * Opens all of them, or none.
 *
 * @throws {TlsError} `config`, saying why
 */
export function openSockets(
  addresses: readonly ListenAddress[],
): Deno.TcpListener[] {
  const sockets: Deno.TcpListener[] = [];
  try {
    for (const { hostname, port } of addresses) {
      if (hostname !== undefined) sockets.push(openSocket(hostname, port));
      else sockets.push(...openAll(port));
    }
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return sockets;
}

/** All of IPv6 and IPv4, with as many sockets as this machine needs. */
function openAll(port: number): Deno.TcpListener[] {
  let six: Deno.TcpListener;
  try {
    six = openSocket("::", port);
  } catch (error) {
    const { cause } = error instanceof Error ? error : {};
    if (
      cause instanceof Deno.errors.AddrInUse ||
      cause instanceof Deno.errors.PermissionDenied
    ) throw error;
    // The address does not exist: this machine has no IPv6.
    return [openSocket("0.0.0.0", port)];
  }
  try {
    // Only needed where IPv6 sockets do not take IPv4 (bindv6only).
    return [six, openSocket("0.0.0.0", six.addr.port)];
  } catch {
    return [six];
  }
}

function openSocket(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
  } catch (cause) {
    let why = "the system refused it";
    if (cause instanceof Deno.errors.AddrInUse) {
      why = "another program uses it";
    } else if (cause instanceof Deno.errors.PermissionDenied) {
      why = "this user may not use it; ports below 1024 need a permission";
    }
    const place = hostname.includes(":") ? `[${hostname}]` : hostname;
    throw new TlsError("config", `Cannot listen on ${place}:${port}: ${why}`, {
      cause,
    });
  }
}
