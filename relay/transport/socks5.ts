/**
 * SOCKS5 client: `CONNECT` (RFC 1928), with name and password (RFC 1929).
 *
 * ```text
 * client: version 5 (1) | count (1) | methods (1 each)
 * proxy:  5 (1) | method (1): 0 none, 2 name and password, 255 refused
 * client: 1 (1) | name (1 + n) | password (1 + n)         only with method 2
 * proxy:  1 (1) | status (1): 0 good
 * client: 5 (1) | 1 CONNECT (1) | 0 (1) | address | port (2)
 * proxy:  5 (1) | reply (1): 0 good | 0 (1) | address | port (2)
 * address = 1 (1), IPv4 (4) | 3 (1), name (1 + n) | 4 (1), IPv6 (16)
 * ```
 *
 * Names go to the proxy as they are: this end resolves none.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import type { ByteStream } from "./stream.ts";

/** The port of a SOCKS5 proxy unless it is given: Tor's. */
const DEFAULT_SOCKS_PORT = 9050;

/** Default time to connect through the proxy, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 25_000;

const VERSION = 5;
const AUTH_VERSION = 1;
const CONNECT = 1;
const NO_AUTH = 0;
const BY_PASSWORD = 2;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** Name and password for the proxy: at most 255 bytes each. */
export interface SocksCredentials {
  readonly username: string;
  readonly password: string;
  /**
   * Whether the proxy may go without: for a name that only keeps circuits
   * apart. Tor takes the name when it has the choice (`PreferSOCKSNoAuth` 0).
   */
  readonly optional?: boolean;
}

/** Where a SOCKS5 proxy is. */
export interface SocksProxy {
  /** Host of the proxy itself: IP address without brackets, or name. */
  readonly hostname: string;
  readonly port: number;
  /**
   * What to log in with; `isolate`: a name of the caller's choice, by which
   * Tor keeps circuits apart (`SocksIsolateByAuth`); none when absent.
   */
  readonly login?: SocksCredentials | "isolate";
}

/** Options of {@link dialSocks5}. */
export interface DialSocksOptions {
  readonly credentials?: SocksCredentials;
  /** Time until the far end is connected, in milliseconds; default 25 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * - `proxy`: the proxy cannot be reached, broke off or does not speak SOCKS5;
 * - `auth`: it does not take the name and password;
 * - `refused`: it could not connect to the far end, see `reply`;
 * - `timeout`: it took too long.
 */
export type SocksErrorKind = "proxy" | "auth" | "refused" | "timeout";

/** Connecting through a SOCKS5 proxy failed. No message has the far end. */
export class SocksError extends Error {
  override readonly name = "SocksError";
  readonly kind: SocksErrorKind;
  /** Reply code of the proxy (RFC 1928, section 6) with `refused`. */
  readonly reply: number | undefined;

  constructor(
    kind: SocksErrorKind,
    message: string,
    options: ErrorOptions & { readonly reply?: number } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.reply = options.reply;
  }
}

const PROXY_PATTERN =
  /^(?:([^:@]+):([^@]*)@|(@))?(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]+))(?::(\d{1,5}))?$/;

/**
 * The proxy that `text` says (`SocksProxyWithAuth`): host and port, before it
 * `name:password@`, or `@` for no login; `undefined` when it says none.
 */
export function parseSocksProxy(text: string): SocksProxy | undefined {
  const parts = PROXY_PATTERN.exec(text);
  if (parts === null) return undefined;
  const [, username, password, none, ipv6, host, digits] = parts;
  const port = digits === undefined ? DEFAULT_SOCKS_PORT : Number(digits);
  const hostname = ipv6 ?? host;
  if (port < 1 || port > 65535 || ipv6 !== undefined && !isIPv6(ipv6)) {
    return undefined;
  }
  const login = username !== undefined
    ? { username, password }
    : none === undefined
    ? "isolate"
    : undefined;
  return { hostname, port, login };
}

/**
 * Connects to `host`, an IP address or a name that the proxy resolves. The
 * stream is ready for TLS.
 *
 * @throws {SocksError} see {@link SocksErrorKind}; the reason of `signal` when
 * it aborts
 * @throws {RangeError} when `host` or a credential has more than 255 bytes
 */
export async function dialSocks5(
  proxy: Pick<SocksProxy, "hostname" | "port">,
  target: { readonly host: string; readonly port: number },
  options: DialSocksOptions = {},
): Promise<ByteStream> {
  const { credentials, signal } = options;
  const request = connectRequest(target);
  signal?.throwIfAborted();
  const abort = new AbortController();
  const onAbort = () => abort.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(onAbort, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let tcp: Deno.TcpConn | undefined;
  const close = () => closeQuietly(tcp);
  abort.signal.addEventListener("abort", close);
  try {
    const { hostname, port } = proxy;
    tcp = await Deno.connect({ hostname, port, signal: abort.signal });
    tcp.setNoDelay(true);
    await negotiate(tcp, { credentials, request });
    return tcp;
  } catch (cause) {
    close();
    signal?.throwIfAborted();
    if (abort.signal.aborted) {
      throw new SocksError("timeout", "The SOCKS5 proxy took too long", {
        cause,
      });
    }
    if (cause instanceof SocksError) throw cause;
    throw new SocksError("proxy", "Cannot talk to the SOCKS5 proxy", { cause });
  } finally {
    clearTimeout(timer);
    abort.signal.removeEventListener("abort", close);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function negotiate(
  tcp: Deno.TcpConn,
  { credentials, request }: {
    readonly credentials: SocksCredentials | undefined;
    readonly request: Uint8Array<ArrayBuffer>;
  },
): Promise<void> {
  const offered = credentials === undefined
    ? [NO_AUTH]
    : credentials.optional
    ? [BY_PASSWORD, NO_AUTH]
    : [BY_PASSWORD];
  await send(tcp, Uint8Array.of(VERSION, offered.length, ...offered));
  const [version, method] = await receive(tcp, 2);
  if (version !== VERSION) {
    throw new SocksError("proxy", "This is not a SOCKS5 proxy");
  }
  if (!offered.includes(method)) {
    throw new SocksError("auth", "The SOCKS5 proxy wants another login");
  }
  if (credentials !== undefined && method === BY_PASSWORD) {
    await send(tcp, loginRequest(credentials));
    const [, status] = await receive(tcp, 2);
    if (status !== 0) {
      throw new SocksError("auth", "The SOCKS5 proxy refused the login");
    }
  }
  await send(tcp, request);
  const [, reply, , type] = await receive(tcp, 4);
  if (reply !== 0) {
    throw new SocksError(
      "refused",
      "The SOCKS5 proxy could not connect to the other relay",
      { reply },
    );
  }
  // The address it connects from is of no use, but has to be read.
  const length = type === NAME ? (await receive(tcp, 1))[0] : lengths.get(type);
  if (length === undefined) {
    throw new SocksError("proxy", "This is not a SOCKS5 proxy");
  }
  await receive(tcp, length + 2);
}

const lengths: ReadonlyMap<number, number> = new Map([[IPV4, 4], [IPV6, 16]]);

function loginRequest(
  { username, password }: SocksCredentials,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(AUTH_VERSION, ...short(username), ...short(password));
}

function connectRequest(
  { host, port }: { readonly host: string; readonly port: number },
): Uint8Array<ArrayBuffer> {
  const address = isIPv4(host)
    ? [IPV4, ...host.split(".").map(Number)]
    : isIPv6(host)
    ? [IPV6, ...ipv6Bytes(host)]
    : [NAME, ...short(host)];
  return Uint8Array.of(
    VERSION,
    CONNECT,
    0,
    ...address,
    port >> 8,
    port & 0xff,
  );
}

/** The 16 bytes of an IPv6 address in any of its forms, without zone. */
export function ipv6Bytes(address: string): number[] {
  // As a URL it is in hexadecimal groups throughout.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail] = text.split("::").map((part) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16))
  );
  const zeros = tail === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...new Array<number>(zeros).fill(0), ...tail ?? []];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

function short(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > 255) throw new RangeError("Too long for SOCKS5");
  return Uint8Array.of(bytes.length, ...bytes);
}

async function send(
  tcp: Deno.TcpConn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await tcp.write(bytes.subarray(sent));
  }
}

/** Exactly `length` bytes, so that none of what follows is taken. */
async function receive(
  tcp: Deno.TcpConn,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let received = 0; received < length;) {
    const count = await tcp.read(bytes.subarray(received));
    if (count === null) {
      throw new SocksError("proxy", "The SOCKS5 proxy broke off");
    }
    received += count;
  }
  return bytes;
}

function closeQuietly(tcp: Deno.TcpConn | undefined): void {
  try {
    tcp?.close();
  } catch {
    // It was closed before.
  }
}
