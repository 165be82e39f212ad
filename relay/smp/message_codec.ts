/**
 * Encoding of responses and events (simplexmq 6.5.5, `ProtocolEncoding`
 * instance of `BrokerMsg` in `Simplex.Messaging.Protocol`).
 *
 * ```text
 * message = tag [SP parameters]
 * IDS   SP recipient ID, sender ID, relay's DH key,
 *          v9–14: bool: sender can secure
 *          v15–:  maybe queue mode, maybe link ID
 *          v16–:  maybe service ID
 *          v17–:  maybe (notifier ID, relay's DH key)
 * LNK   SP sender ID, fixed data, user data
 * SOK   SP maybe service ID                     (v16–, before: OK)
 * SOKS  SP count as Int64                       ENDS the same
 * MSG   SP message ID, body to the end
 * NID   SP notifier ID, relay's DH key
 * NMSG  SP nonce (24 bytes), metadata
 * PKEY  SP session ID, versions, certificate chain, signed key
 * RRES  SP response to the end                  PRES the same
 * INFO  SP JSON to the end
 * ERR   SP error
 * DELD                                          (v10–, before: END)
 * the others: the tag alone
 * ```
 *
 * @module
 */

import { decode, type Reader, WireError, Writer } from "../wire/mod.ts";
import type { Refusal } from "./command_codec.ts";
import type { QueueMode } from "./commands.ts";
import { readSmpError, writeSmpError } from "./error_codec.ts";
import type { SmpError } from "./errors.ts";
import { readVersionRange, writeVersionRange } from "./version_range.ts";
import { readDhKey, writeDhKey } from "./key_codec.ts";
import type { Message, MessageTag, QueueIds } from "./messages.ts";
import { readLinkData, writeLinkData } from "./new_queue_codec.ts";
import { decodeQueueInfo, encodeQueueInfo } from "./queue_info_codec.ts";
import {
  readSignedSessionKey,
  writeSignedSessionKey,
} from "./signed_key_codec.ts";
import { SmpVersion } from "./versions.ts";

const SPACE = 0x20;

/** Bytes of a `crypto_box` nonce. */
const NONCE_SIZE = 24;

const unknownMessage: Refusal = { error: { type: "CMD", reason: "UNKNOWN" } };
const syntaxError: Refusal = { error: { type: "CMD", reason: "SYNTAX" } };

/** Writes a message in the form of `version`. */
export function writeMessage(
  writer: Writer,
  version: number,
  message: Message,
): void {
  switch (message.tag) {
    case "IDS":
      writeQueueIds(writer.ascii("IDS "), version, message.ids);
      break;
    case "LNK":
      writer.ascii("LNK ").short(message.senderId);
      writeLinkData(writer, message.data);
      break;
    case "SOK":
      if (version >= SmpVersion.services) {
        writer.ascii("SOK ").maybe(message.serviceId, (w, id) => w.short(id));
      } else {
        writer.ascii("OK");
      }
      break;
    case "SOKS":
    case "ENDS":
      writer.ascii(message.tag).byte(SPACE).int64(message.count);
      break;
    case "MSG":
      writer.ascii("MSG ").short(message.messageId).bytes(message.body);
      break;
    case "NID":
      writer.ascii("NID ").short(message.notifierId);
      writeDhKey(writer, message.relayDhKey);
      break;
    case "NMSG":
      writer.ascii("NMSG ").bytes(message.nonce).short(message.meta);
      break;
    case "PKEY":
      writer.ascii("PKEY ").short(message.sessionId);
      writeVersionRange(writer, message.versions);
      writeSignedSessionKey(writer, message.key);
      break;
    case "RRES":
    case "PRES":
      writer.ascii(message.tag).byte(SPACE).bytes(message.response);
      break;
    case "DELD":
      writer.ascii(version >= SmpVersion.deletedEvent ? "DELD" : "END");
      break;
    case "INFO":
      writer.ascii("INFO ").bytes(encodeQueueInfo(message.info));
      break;
    case "ERR":
      writeSmpError(writer.ascii("ERR "), errorFor(version, message.error));
      break;
    default:
      writer.ascii(message.tag);
  }
}

/** The bytes of a message in the form of `version`. */
export function encodeMessage(version: number, message: Message): Uint8Array {
  const writer = new Writer(256);
  writeMessage(writer, version, message);
  return writer.finish();
}

/**
 * The message that `bytes` say in the form of `version`, or `CMD UNKNOWN` when
 * there is no such message, `CMD SYNTAX` when its parameters are wrong.
 *
 * Byte fields are views into `bytes`: copy what has to outlive it.
 */
export function decodeMessage(
  version: number,
  bytes: Uint8Array,
): Message | Refusal {
  const tag = messageTag(bytes);
  if (tag === undefined) return unknownMessage;
  const parameters = bytes.subarray(tag.length);
  return decode(parameters, (reader) => readParameters(reader, version, tag)) ??
    syntaxError;
}

/**
 * Whether a message may come with this entity ID; the error if not
 * (`checkCredentials`).
 */
export function checkMessageEntity(
  entityId: Uint8Array,
  message: Message,
): SmpError | undefined {
  switch (message.tag) {
    case "IDS":
    case "ERR":
      return undefined;
    case "PONG":
    case "PKEY":
    case "RRES":
      return entityId.length === 0
        ? undefined
        : { type: "CMD", reason: "HAS_AUTH" };
    default:
      return entityId.length > 0
        ? undefined
        : { type: "CMD", reason: "NO_ENTITY" };
  }
}

/** Longest tag: four letters. */
const MAX_TAG_LENGTH = 4;

const messageTags: ReadonlyMap<string, MessageTag> = new Map(
  ([
    "IDS",
    "LNK",
    "SOK",
    "SOKS",
    "MSG",
    "NID",
    "NMSG",
    "PKEY",
    "RRES",
    "PRES",
    "END",
    "ENDS",
    "DELD",
    "INFO",
    "OK",
    "ERR",
    "PONG",
  ] satisfies MessageTag[]).map((tag) => [tag, tag]),
);

function messageTag(bytes: Uint8Array): MessageTag | undefined {
  let tag = "";
  for (const byte of bytes.subarray(0, MAX_TAG_LENGTH + 1)) {
    if (byte === SPACE) break;
    tag += String.fromCharCode(byte);
  }
  return messageTags.get(tag);
}

function readParameters(
  reader: Reader,
  version: number,
  tag: MessageTag,
): Message {
  switch (tag) {
    case "IDS":
      reader.space();
      return { tag, ids: readQueueIds(reader, version) };
    case "LNK":
      reader.space();
      return { tag, senderId: reader.short(), data: readLinkData(reader) };
    case "SOK":
      reader.space();
      return { tag, serviceId: reader.maybe((r) => r.short()) };
    case "SOKS":
    case "ENDS":
      reader.space();
      return { tag, count: reader.int64() };
    case "MSG":
      reader.space();
      return { tag, messageId: reader.short(), body: reader.tail() };
    case "NID":
      reader.space();
      return {
        tag,
        notifierId: reader.short(),
        relayDhKey: readDhKey(reader),
      };
    case "NMSG":
      reader.space();
      return { tag, nonce: reader.take(NONCE_SIZE), meta: reader.short() };
    case "PKEY":
      reader.space();
      return {
        tag,
        sessionId: reader.short(),
        versions: readVersionRange(reader),
        key: readSignedSessionKey(reader),
      };
    case "RRES":
    case "PRES":
      reader.space();
      return { tag, response: reader.tail() };
    case "INFO":
      reader.space();
      return { tag, info: decodeQueueInfo(reader.tail()) };
    case "ERR":
      reader.space();
      return { tag, error: readSmpError(reader) };
    default:
      return { tag };
  }
}

/** What an error is called in versions that do not know it yet. */
function errorFor(version: number, error: SmpError): SmpError {
  if (error.type !== "BLOCKED" || version >= SmpVersion.notices) return error;
  return version >= SmpVersion.blocked
    ? { type: "BLOCKED", info: { reason: error.info.reason } }
    : { type: "AUTH" };
}

function writeQueueIds(writer: Writer, version: number, ids: QueueIds): void {
  writer.short(ids.recipientId).short(ids.senderId);
  writeDhKey(writer, ids.relayDhKey);
  if (version >= SmpVersion.shortLinks) {
    writer.maybe(ids.mode, (w, mode) => w.ascii(mode));
    writer.maybe(ids.linkId, (w, id) => w.short(id));
  } else if (version >= SmpVersion.senderKey) {
    writer.bool(ids.mode === "M");
  }
  if (version >= SmpVersion.services) {
    writer.maybe(ids.serviceId, (w, id) => w.short(id));
  }
  if (version >= SmpVersion.notifierInNew) {
    writer.maybe(ids.notifier, (w, notifier) => {
      writeDhKey(w.short(notifier.id), notifier.relayDhKey);
    });
  }
}

function readQueueIds(reader: Reader, version: number): QueueIds {
  return {
    recipientId: reader.short(),
    senderId: reader.short(),
    relayDhKey: readDhKey(reader),
    mode: readOptionalQueueMode(reader, version),
    linkId: version >= SmpVersion.shortLinks
      ? reader.maybe((r) => r.short())
      : undefined,
    serviceId: version >= SmpVersion.services
      ? reader.maybe((r) => r.short())
      : undefined,
    notifier: version >= SmpVersion.notifierInNew
      ? reader.maybe((r) => ({ id: r.short(), relayDhKey: readDhKey(r) }))
      : undefined,
  };
}

function readOptionalQueueMode(
  reader: Reader,
  version: number,
): QueueMode | undefined {
  if (version >= SmpVersion.shortLinks) return reader.maybe(readQueueMode);
  if (version >= SmpVersion.senderKey) return reader.bool() ? "M" : "C";
  return undefined;
}

function readQueueMode(reader: Reader): QueueMode {
  const mode = reader.char();
  if (mode === "M" || mode === "C") return mode;
  throw new WireError("Invalid queue mode");
}
