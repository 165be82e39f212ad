/**
 * Tells systemd how the relay is: sd_notify(3), by its datagram protocol.
 *
 * @module
 */

import type { Environment } from "../config/mod.ts";

// <bits/socket.h> of Linux; the same on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** Longest path or abstract name in `sockaddr_un`, in bytes. */
const MAX_NAME = 107;

/** A line to systemd: `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`. */
export interface Notifier {
  notify(line: string): void;
  /** Milliseconds between two `WATCHDOG=1`, or undefined if none are wanted. */
  readonly watchdogMs: number | undefined;
}

/** The notifier that systemd asked for, or one that does nothing. */
export function systemdNotifier(env: Environment): Notifier {
  const socket = env.NOTIFY_SOCKET;
  if (!socket || Deno.build.os !== "linux") {
    return { notify: () => {}, watchdogMs: undefined };
  }
  const mine = !env.WATCHDOG_PID || Number(env.WATCHDOG_PID) === Deno.pid;
  const limitMs = mine ? Number(env.WATCHDOG_USEC ?? NaN) / 1000 : NaN;
  return {
    notify: (line) => sendDatagram(socket, `${line}\n`),
    // Half the limit, as sd_watchdog_enabled(3) recommends.
    watchdogMs: limitMs > 0 ? Math.min(limitMs / 2, 2 ** 31 - 1) : undefined,
  };
}

/**
 * Sends one datagram to a Unix socket; a name that begins with `@` is in the
 * abstract namespace. Through libc, for Deno's own datagrams know no abstract
 * names. Does not wait, and nobody may be listening: then it is lost.
 *
 * ```
 * sockaddr_un: family (2 bytes, little-endian), path and NUL
 *              family (2 bytes, little-endian), NUL and abstract name
 * ```
 */
function sendDatagram(name: string, text: string): void {
  const path = new TextEncoder().encode(name);
  if (path.length > MAX_NAME || !/^[/@]/.test(name)) return;
  const abstract = name.startsWith("@");
  const address = new Uint8Array(2 + path.length + (abstract ? 0 : 1));
  address[0] = AF_UNIX;
  address.set(path, 2);
  if (abstract) address[2] = 0;
  const message = new TextEncoder().encode(text);
  const libc = openLibc();
  try {
    const { socket, sendto, close } = libc.symbols;
    const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    if (fd < 0) return;
    const size = BigInt(message.length);
    sendto(fd, message, size, MSG_NOSIGNAL, address, address.length);
    close(fd);
  } finally {
    libc.close();
  }
}

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    sendto: {
      parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
      result: "isize",
    },
    close: { parameters: ["i32"], result: "i32" },
  });
}
