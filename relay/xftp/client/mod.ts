/**
 * A client of XFTP relays: for file transfers, tests and probes.
 *
 * @module
 */

export {
  type ChunkAccess,
  type ChunkContent,
  type NewChunk,
  XftpClient,
  type XftpClientOptions,
  type XftpRequest,
} from "./client.ts";
export { dialXftp, type DialXftpOptions } from "./dial.ts";
export { XftpClientError, type XftpClientErrorCode } from "./error.ts";
