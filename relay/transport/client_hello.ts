/**
 * The server name in a ClientHello, read before TLS starts, so that the
 * context of the whole handshake can depend on it (RFC 8446, section 4.1.2;
 * RFC 6066, section 3).
 *
 * ```text
 * record      = 22 (1) | version (2) | length (2) | handshake
 * handshake   = 1 (1) | length (3) | version (2) | random (32)
 *               | session ID (1 + n) | cipher suites (2 + n)
 *               | compression (1 + n) | extensions (2 + n)
 * extension   = type (2) | length (2) | data
 * server_name = length (2) | 0 (1) | length (2) | name
 * ```
 *
 * @module
 */

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const RECORD_HEADER = 5;

/**
 * Whether the ClientHello at the start of `bytes` has a server name. "partial":
 * more of its record must come first. What is no ClientHello has none: TLS
 * itself finds out what is wrong with it.
 */
export function hasServerName(bytes: Uint8Array): boolean | "partial" {
  if (bytes.length < RECORD_HEADER) {
    return bytes[0] === HANDSHAKE_RECORD ? "partial" : false;
  }
  if (bytes[0] !== HANDSHAKE_RECORD) return false;
  const end = RECORD_HEADER + u16(bytes, 3);
  if (bytes.length < end) return "partial";
  return findServerName(bytes.subarray(RECORD_HEADER, end));
}

/** Reads behind the end give `NaN`, with which every comparison is false. */
function findServerName(hello: Uint8Array): boolean {
  if (hello[0] !== CLIENT_HELLO) return false;
  let at = 4 + 2 + 32;
  at += 1 + hello[at];
  at += 2 + u16(hello, at);
  at += 1 + hello[at];
  const end = at + 2 + u16(hello, at);
  at += 2;
  while (at + 4 <= end) {
    if (u16(hello, at) === SERVER_NAME) return u16(hello, at + 2) > 0;
    at += 4 + u16(hello, at + 2);
  }
  return false;
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at] * 256 + bytes[at + 1];
}
