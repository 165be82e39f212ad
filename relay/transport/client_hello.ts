/**
 * The server name and the protocols in a ClientHello, read before TLS starts,
 * so that the context of the whole handshake can depend on them (RFC 8446,
 * section 4.1.2; RFC 6066, section 3; RFC 7301, section 3.1).
 *
 * ```text
 * record      = 22 (1) | version (2) | length (2) | handshake
 * handshake   = 1 (1) | length (3) | version (2) | random (32)
 *               | session ID (1 + n) | cipher suites (2 + n)
 *               | compression (1 + n) | extensions (2 + n)
 * extension   = type (2) | length (2) | data
 * server_name = length (2) | 0 (1) | length (2) | name
 * alpn        = length (2) | (length (1) | protocol) ...
 * ```
 *
 * @module
 */

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const RECORD_HEADER = 5;
/** Longest record (RFC 8446, section 5.1); TLS refuses a longer one. */
const MAX_RECORD = 2 ** 14;

/** What a ClientHello says. */
export interface ClientHello {
  /** It has a server name. */
  readonly named: boolean;
  /** The only protocol that it offers, if that is one. */
  readonly protocol: string | undefined;
}

const SAYS_NOTHING: ClientHello = { named: false, protocol: undefined };

/**
 * The ClientHello at the start of `bytes`. "partial": more of its record must
 * come first. What is no ClientHello says nothing: TLS itself finds out what
 * is wrong with it.
 */
export function readClientHello(bytes: Uint8Array): ClientHello | "partial" {
  if (bytes.length < RECORD_HEADER) {
    return bytes[0] === HANDSHAKE_RECORD ? "partial" : SAYS_NOTHING;
  }
  if (bytes[0] !== HANDSHAKE_RECORD) return SAYS_NOTHING;
  const length = u16(bytes, 3);
  if (length > MAX_RECORD) return SAYS_NOTHING;
  const end = RECORD_HEADER + length;
  if (bytes.length < end) return "partial";
  return readExtensions(bytes.subarray(RECORD_HEADER, end));
}

/** Reads behind the end give `NaN`, with which every comparison is false. */
function readExtensions(hello: Uint8Array): ClientHello {
  if (hello[0] !== CLIENT_HELLO) return SAYS_NOTHING;
  let at = 4 + 2 + 32;
  at += 1 + hello[at];
  at += 2 + u16(hello, at);
  at += 1 + hello[at];
  const end = at + 2 + u16(hello, at);
  at += 2;
  let named = false;
  let protocol: string | undefined;
  while (at + 4 <= end) {
    const type = u16(hello, at);
    const length = u16(hello, at + 2);
    at += 4;
    if (type === SERVER_NAME) named = length > 0;
    if (type === ALPN) protocol = onlyProtocol(hello.subarray(at, at + length));
    at += length;
  }
  return { named, protocol };
}

function onlyProtocol(list: Uint8Array): string | undefined {
  const length = list[2];
  return length > 0 && list.length === 3 + length
    ? String.fromCharCode(...list.subarray(3))
    : undefined;
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at] * 256 + bytes[at + 1];
}
