/**
 * Encoding of XFTP's errors (simplexmq 6.5.5, `Encoding` of `XFTPErrorType` in
 * `Simplex.FileTransfer.Transport`).
 *
 * ```text
 * error   = name [SP parameter]
 * CMD     SP reason
 * BLOCKED SP "reason=" ("spam" | "content") [",notice=" JSON to the end]
 * ```
 *
 * @module
 */

import {
  readBlockingInfo,
  readCommandErrorReason,
  readErrorTag,
  writeBlockingInfo,
} from "../smp/mod.ts";
import { type Reader, WireError, type Writer } from "../wire/mod.ts";
import type { XftpError } from "./messages.ts";

/** Writes what follows `ERR` and a space. */
export function writeXftpError(writer: Writer, error: XftpError): void {
  writer.ascii(error.type);
  if (error.type === "CMD") {
    writer.ascii(" ").ascii(error.reason);
  } else if (error.type === "BLOCKED") {
    writeBlockingInfo(writer.ascii(" "), error.info);
  }
}

/**
 * Reads an error.
 *
 * @throws {WireError} when the bytes are not an error
 */
export function readXftpError(reader: Reader): XftpError {
  const type = readErrorTag(reader);
  switch (type) {
    case "BLOCK":
    case "SESSION":
    case "HANDSHAKE":
    case "AUTH":
    case "SIZE":
    case "QUOTA":
    case "DIGEST":
    case "CRYPTO":
    case "NO_FILE":
    case "HAS_FILE":
    case "FILE_IO":
    case "TIMEOUT":
    case "INTERNAL":
    case "DUPLICATE_":
      return { type };
    case "CMD":
      reader.space();
      return { type, reason: readCommandErrorReason(reader) };
    case "BLOCKED":
      reader.space();
      return { type, info: readBlockingInfo(reader) };
    default:
      throw new WireError("Unknown error type");
  }
}
