/**
 * Encoding of XFTP's responses (simplexmq 6.5.5, `ProtocolEncoding` of
 * `FileResponse` in `Simplex.FileTransfer.Protocol`).
 *
 * ```text
 * response = tag [SP parameters]
 * SIDS  SP sender ID (1 + n), count (1), recipient IDs (1 + n)
 * RIDS  SP count (1), recipient IDs (1 + n)
 * FILE  SP relay's X25519 key (1 + 44), nonce (24)
 * ERR   SP error                        BLOCKED from v3, before: AUTH
 * the others: the tag alone
 * ```
 *
 * @module
 */

import { NONCE_SIZE } from "../crypto/mod.ts";
import { readDhKey, writeDhKey } from "../smp/mod.ts";
import { decode, type Reader, Writer } from "../wire/mod.ts";
import {
  syntaxError,
  tagOf,
  unknownTag,
  type XftpRefusal,
} from "./command_codec.ts";
import { readXftpError, writeXftpError } from "./error_codec.ts";
import type { XftpError, XftpResponse } from "./messages.ts";
import { XftpVersion } from "./versions.ts";

const SPACE = 0x20;

type ResponseTag = XftpResponse["tag"];

/** Writes a response in the form of `version`. */
export function writeXftpResponse(
  writer: Writer,
  version: number,
  response: XftpResponse,
): void {
  writer.ascii(response.tag);
  switch (response.tag) {
    case "SIDS":
      writer.byte(SPACE).short(response.senderId);
      writer.list(response.recipientIds, (w, id) => w.short(id));
      break;
    case "RIDS":
      writer.byte(SPACE).list(response.recipientIds, (w, id) => w.short(id));
      break;
    case "FILE":
      writeDhKey(writer.byte(SPACE), response.relayDhKey);
      writer.bytes(response.nonce);
      break;
    case "ERR":
      writeXftpError(
        writer.byte(SPACE),
        response.error.type === "BLOCKED" && version < XftpVersion.blocked
          ? { type: "AUTH" }
          : response.error,
      );
      break;
  }
}

/** The bytes of a response in the form of `version`. */
export function encodeXftpResponse(
  version: number,
  response: XftpResponse,
): Uint8Array {
  const writer = new Writer(256);
  writeXftpResponse(writer, version, response);
  return writer.finish();
}

/**
 * The response that `bytes` say in any version; errors as for commands. IDs
 * and nonce are views into `bytes`.
 */
export function decodeXftpResponse(
  bytes: Uint8Array,
): XftpResponse | XftpRefusal {
  const tag = responseTags.get(tagOf(bytes));
  if (tag === undefined) return unknownTag;
  return decode(bytes.subarray(tag.length), (r) => readParameters(r, tag)) ??
    syntaxError;
}

/**
 * Whether a response may come with this entity ID; the error if not
 * (`checkCredentials`).
 */
export function checkResponseEntity(
  entityId: Uint8Array,
  response: XftpResponse,
): XftpError | undefined {
  const hasEntity = entityId.length > 0;
  switch (response.tag) {
    case "ERR":
      return undefined;
    case "SIDS":
    case "PONG":
      return hasEntity ? { type: "CMD", reason: "HAS_AUTH" } : undefined;
    default:
      return hasEntity ? undefined : { type: "CMD", reason: "NO_ENTITY" };
  }
}

const responseTags: ReadonlyMap<string, ResponseTag> = new Map(
  ([
    "SIDS",
    "RIDS",
    "FILE",
    "OK",
    "ERR",
    "PONG",
  ] satisfies ResponseTag[]).map((tag) => [tag, tag]),
);

function readParameters(reader: Reader, tag: ResponseTag): XftpResponse {
  switch (tag) {
    case "SIDS":
      reader.space();
      return { tag, senderId: reader.short(), recipientIds: readIds(reader) };
    case "RIDS":
      reader.space();
      return { tag, recipientIds: readIds(reader) };
    case "FILE":
      reader.space();
      return {
        tag,
        relayDhKey: readDhKey(reader),
        nonce: reader.take(NONCE_SIZE),
      };
    case "ERR":
      reader.space();
      return { tag, error: readXftpError(reader) };
    default:
      return { tag };
  }
}

function readIds(reader: Reader): Uint8Array[] {
  return reader.nonEmptyList((r) => r.short());
}
