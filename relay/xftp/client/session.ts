/**
 * The client's side of the XFTP handshake (simplexmq 6.5.5,
 * `xftpClientHandshakeV1` in `Simplex.FileTransfer.Client`): a request with
 * nothing gets the relay's hello, a request with the client's choice gets an
 * empty answer.
 *
 * @module
 */

import { checkChain, verifySignedKey } from "../../identity/mod.ts";
import { commonVersions } from "../../smp/version_range.ts";
import type { VersionRange } from "../../smp/versions.ts";
import type { Connection } from "../../transport/connection.ts";
import { EMPTY, equalBytes } from "../../wire/mod.ts";
import { type XftpParams, xftpParams } from "../codec.ts";
import {
  decodeXftpHandshakeError,
  decodeXftpServerHandshake,
  encodeXftpClientHandshake,
  type XftpServerHandshake,
} from "../handshake_codec.ts";
import { XFTP_ALPN, XFTP_BLOCK_SIZE } from "../versions.ts";
import { refused, XftpClientError } from "./error.ts";
import type { HttpClient } from "./http.ts";

/** What a client brings to the handshake. */
export interface ClientHandshakeOptions {
  /** SHA-256 of the relay's CA certificate, from its address. */
  readonly fingerprint: Uint8Array;
  /** Versions that the client speaks. */
  readonly versions: VersionRange;
}

/** What was agreed. */
export interface ClientSession {
  readonly params: XftpParams;
  /** The relay's X25519 key of this session. */
  readonly relayKey: Uint8Array;
}

/**
 * Does the handshake.
 *
 * @throws {XftpClientError} when the relay is another one than the address
 * says, speaks other versions or does not speak XFTP
 */
export async function clientHandshake(
  { connection, http, timeoutMs }: {
    readonly connection: Connection;
    readonly http: HttpClient;
    readonly timeoutMs: number;
  },
  options: ClientHandshakeOptions,
): Promise<ClientSession> {
  if (connection.alpn !== XFTP_ALPN) throw notXftp();
  const block = new Uint8Array(XFTP_BLOCK_SIZE);
  const size = await http.request({ head: EMPTY, response: block, timeoutMs });
  const hello = decodeXftpServerHandshake(block.subarray(0, size));
  if (hello === undefined) throw notXftp();
  if ("error" in hello) throw refused(hello.error);
  const { sessionId } = connection;
  if (!equalBytes(hello.sessionId, sessionId)) {
    throw new XftpClientError("session", "The TLS session is another one");
  }
  const versions = commonVersions(options.versions, hello.versions);
  if (versions === undefined) {
    throw new XftpClientError("version", "The relay speaks other versions");
  }
  const relayKey = checkedKey(connection, options, hello);
  const answer = new Uint8Array(XFTP_BLOCK_SIZE);
  const answered = await http.request({
    head: encodeXftpClientHandshake({
      version: versions.max,
      fingerprint: options.fingerprint,
    }),
    response: answer,
    timeoutMs,
  });
  if (answered > 0) {
    const error = decodeXftpHandshakeError(answer.subarray(0, answered));
    throw error === undefined ? notXftp() : refused(error);
  }
  return { params: xftpParams(versions.max, sessionId), relayKey };
}

/** The relay's session key, if the identity in the address vouches for it. */
function checkedKey(
  connection: Connection,
  { fingerprint }: ClientHandshakeOptions,
  { key: { chain, signedKey } }: XftpServerHandshake,
): Uint8Array {
  const leaf = connection.peerCertificates[0];
  const key = leaf && checkChain(chain, fingerprint) === "valid"
    ? verifySignedKey(leaf, signedKey)
    : undefined;
  if (key === undefined) {
    throw new XftpClientError(
      "identity",
      "The relay is not the one in the address: its certificate is another one",
    );
  }
  return key;
}

function notXftp(): XftpClientError {
  return new XftpClientError("protocol", "This is not an XFTP relay");
}
