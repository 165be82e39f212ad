/**
 * XFTP protocol versions and sizes (simplexmq 6.5.5,
 * `Simplex.FileTransfer.Transport` and `.Protocol`).
 *
 * @module
 */

import type { VersionRange } from "../smp/versions.ts";

/** The versions from which a part of the protocol is in force. */
export const XftpVersion = {
  /** Also what is spoken when the session has no ALPN, without a handshake. */
  min: 1,
  /** Commands may be authorised by X25519. */
  commandAuth: 2,
  /** `BLOCKED` instead of `AUTH` for blocked files. */
  blocked: 3,
  max: 3,
} as const;

/** What the relay offers. */
export const supportedXftpVersions: VersionRange = {
  min: XftpVersion.min,
  max: XftpVersion.max,
};

/** ALPN of apps; browsers come with `h2` and a server name. */
export const XFTP_ALPN = "xftp/1";

/** Size of the block at the head of each request and response, in bytes. */
export const XFTP_BLOCK_SIZE = 16384;

/** Sizes that a chunk may have, in bytes. */
export const CHUNK_SIZES: readonly number[] = [
  64 * 1024,
  256 * 1024,
  1024 * 1024,
  4 * 1024 * 1024,
];
