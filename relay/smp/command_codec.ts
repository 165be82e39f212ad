/**
 * Encoding of commands (simplexmq 6.5.5, `ProtocolEncoding` instances of
 * `Command` and `Cmd`, and `parseProtocol`, in `Simplex.Messaging.Protocol`).
 *
 * ```text
 * command = tag [SP parameters]
 * NEW   SP recipient key, recipient DH key,
 *          v6–8:   ["A" password] mode of subscription
 *          v9–14:  maybe password, mode of subscription, bool: sender can secure
 *          v15–16: maybe password, mode of subscription, maybe queue request
 *          v17–:   the same, maybe notifier keys
 * KEY   SP sender key              SKEY, LKEY the same
 * RKEY  SP count, recipient keys
 * LSET  SP link ID, fixed data, user data
 * NKEY  SP notifier key, DH key
 * ACK   SP message ID
 * SEND  SP flags SP body to the end
 * PRXY  SP hosts, port, fingerprint, maybe password
 * PFWD  SP version, DH key, transmission to the end
 * RFWD  SP transmission to the end
 * the others: the tag alone
 * ```
 *
 * @module
 */

import { decode, type Reader, WireError, Writer } from "../wire/mod.ts";
import { readRelayAddress, writeRelayAddress } from "./address.ts";
import type {
  Command,
  CommandTag,
  LinkData,
  NewQueueRequest,
  NotifierRequest,
  QueueRequest,
} from "./commands.ts";
import type { SmpError } from "./errors.ts";
import {
  readAuthKey,
  readDhKey,
  writeAuthKey,
  writeDhKey,
} from "./key_codec.ts";
import { SmpVersion } from "./versions.ts";

const SPACE = 0x20;
const BASIC_AUTH_TAG = 0x41; // "A"

/** A command that cannot be taken, and the answer to it. */
export interface Refusal {
  readonly error: SmpError;
}

const unknownCommand: Refusal = { error: { type: "CMD", reason: "UNKNOWN" } };
const syntaxError: Refusal = { error: { type: "CMD", reason: "SYNTAX" } };

/** Writes a command in the form of `version`. */
export function writeCommand(
  writer: Writer,
  version: number,
  command: Command,
): void {
  writer.ascii(command.tag);
  switch (command.tag) {
    case "NEW":
      writeNewQueueRequest(writer.byte(SPACE), version, command.request);
      break;
    case "KEY":
    case "SKEY":
    case "LKEY":
      writeAuthKey(writer.byte(SPACE), command.key);
      break;
    case "RKEY":
      writer.byte(SPACE).list(command.keys, writeAuthKey);
      break;
    case "LSET":
      writer.byte(SPACE).short(command.linkId);
      writeLinkData(writer, command.data);
      break;
    case "NKEY":
      writeNotifierRequest(writer.byte(SPACE), command.request);
      break;
    case "ACK":
      writer.byte(SPACE).short(command.messageId);
      break;
    case "SEND":
      writer.byte(SPACE).bool(command.notification).byte(SPACE)
        .bytes(command.body);
      break;
    case "PRXY":
      writeRelayAddress(writer.byte(SPACE), command.relay);
      writer.maybe(command.basicAuth, (w, password) => w.short(password));
      break;
    case "PFWD":
      writer.byte(SPACE).u16(command.version);
      writeDhKey(writer, command.key);
      writer.bytes(command.transmission);
      break;
    case "RFWD":
      writer.byte(SPACE).bytes(command.transmission);
      break;
  }
}

/** The bytes of a command in the form of `version`. */
export function encodeCommand(version: number, command: Command): Uint8Array {
  const writer = new Writer(
    command.tag === "SEND" ? command.body.length + 7 : 256,
  );
  writeCommand(writer, version, command);
  return writer.finish();
}

/**
 * The command that `bytes` say in the form of `version`, or `CMD UNKNOWN` when
 * there is no such command, `CMD SYNTAX` when its parameters are wrong.
 *
 * Byte fields are views into `bytes`: copy what has to outlive it.
 */
export function decodeCommand(
  version: number,
  bytes: Uint8Array,
): Command | Refusal {
  const tag = commandTag(bytes);
  if (tag === undefined) return unknownCommand;
  const parameters = bytes.subarray(tag.length);
  return decode(parameters, (reader) => readParameters(reader, version, tag)) ??
    syntaxError;
}

/**
 * Whether a command may come with this authorization and entity ID; the error
 * if not (`checkCredentials`).
 */
export function checkCredentials(
  hasAuth: boolean,
  entityId: Uint8Array,
  command: Command,
): SmpError | undefined {
  const hasEntity = entityId.length > 0;
  switch (command.tag) {
    case "NEW":
      if (!hasAuth) return { type: "CMD", reason: "NO_AUTH" };
      return hasEntity ? { type: "CMD", reason: "HAS_AUTH" } : undefined;
    case "SEND":
      return hasEntity ? undefined : { type: "CMD", reason: "NO_ENTITY" };
    case "LGET":
    case "PFWD":
      if (!hasEntity) return { type: "CMD", reason: "NO_ENTITY" };
      return hasAuth ? { type: "CMD", reason: "HAS_AUTH" } : undefined;
    case "PING":
    case "PRXY":
    case "RFWD":
      return hasAuth || hasEntity
        ? { type: "CMD", reason: "HAS_AUTH" }
        : undefined;
    default:
      return hasAuth && hasEntity
        ? undefined
        : { type: "CMD", reason: "NO_AUTH" };
  }
}

/** Longest tag, `NSUBS`. */
const MAX_TAG_LENGTH = 5;

const commandTags: ReadonlyMap<string, CommandTag> = new Map(
  ([
    "NEW",
    "SUB",
    "SUBS",
    "KEY",
    "RKEY",
    "LSET",
    "LDEL",
    "NKEY",
    "NDEL",
    "GET",
    "ACK",
    "OFF",
    "DEL",
    "QUE",
    "SKEY",
    "SEND",
    "PING",
    "LKEY",
    "LGET",
    "PRXY",
    "PFWD",
    "RFWD",
    "NSUB",
    "NSUBS",
  ] satisfies CommandTag[]).map((tag) => [tag, tag]),
);

/** The tag: what stands before the first space, if it is one. */
function commandTag(bytes: Uint8Array): CommandTag | undefined {
  let tag = "";
  for (const byte of bytes.subarray(0, MAX_TAG_LENGTH + 1)) {
    if (byte === SPACE) break;
    tag += String.fromCharCode(byte);
  }
  return commandTags.get(tag);
}

function readParameters(
  reader: Reader,
  version: number,
  tag: CommandTag,
): Command {
  switch (tag) {
    case "NEW":
      reader.space();
      return { tag, request: readNewQueueRequest(reader, version) };
    case "KEY":
    case "SKEY":
    case "LKEY":
      reader.space();
      return { tag, key: readAuthKey(reader) };
    case "RKEY":
      reader.space();
      return { tag, keys: reader.nonEmptyList(readAuthKey) };
    case "LSET":
      reader.space();
      return { tag, linkId: reader.short(), data: readLinkData(reader) };
    case "NKEY":
      reader.space();
      return { tag, request: readNotifierRequest(reader) };
    case "ACK":
      reader.space();
      return { tag, messageId: reader.short() };
    case "SEND": {
      reader.space();
      const notification = readMessageFlags(reader);
      reader.space();
      return { tag, notification, body: reader.tail() };
    }
    case "PRXY":
      reader.space();
      return {
        tag,
        relay: readRelayAddress(reader),
        basicAuth: reader.maybe(readBasicAuth),
      };
    case "PFWD":
      reader.space();
      return {
        tag,
        version: reader.u16(),
        key: readDhKey(reader),
        transmission: reader.tail(),
      };
    case "RFWD":
      reader.space();
      return { tag, transmission: reader.tail() };
    default:
      return { tag };
  }
}

/**
 * Flags of a message: the first is "notify", what may follow up to the next
 * space is for later versions (`MsgFlags`).
 */
export function readMessageFlags(reader: Reader): boolean {
  const notification = reader.bool();
  reader.takeTill(SPACE);
  return notification;
}

function writeNewQueueRequest(
  writer: Writer,
  version: number,
  request: NewQueueRequest,
): void {
  writeAuthKey(writer, request.recipientKey);
  writeDhKey(writer, request.recipientDhKey);
  if (version >= SmpVersion.senderKey) {
    writer.maybe(request.basicAuth, (w, password) => w.short(password));
  } else if (request.basicAuth !== undefined) {
    writer.byte(BASIC_AUTH_TAG).short(request.basicAuth);
  }
  writer.ascii(request.subscribe ? "S" : "C");
  if (version >= SmpVersion.shortLinks) {
    writer.maybe(request.queue, writeQueueRequest);
  } else if (version >= SmpVersion.senderKey) {
    writer.bool(request.queue?.mode === "M");
  }
  if (version >= SmpVersion.notifierInNew) {
    writer.maybe(request.notifier, writeNotifierRequest);
  }
}

function readNewQueueRequest(reader: Reader, version: number): NewQueueRequest {
  return {
    recipientKey: readAuthKey(reader),
    recipientDhKey: readDhKey(reader),
    basicAuth: version >= SmpVersion.senderKey
      ? reader.maybe(readBasicAuth)
      : readTaggedBasicAuth(reader),
    subscribe: readSubscribe(reader),
    queue: readOptionalQueueRequest(reader, version),
    notifier: version >= SmpVersion.notifierInNew
      ? reader.maybe(readNotifierRequest)
      : undefined,
  };
}

function readTaggedBasicAuth(reader: Reader): Uint8Array | undefined {
  if (reader.peek() !== BASIC_AUTH_TAG) return undefined;
  reader.byte();
  return readBasicAuth(reader);
}

function readSubscribe(reader: Reader): boolean {
  switch (reader.char()) {
    case "S":
      return true;
    case "C":
      return false;
    default:
      throw new WireError("Invalid subscription mode");
  }
}

function readOptionalQueueRequest(
  reader: Reader,
  version: number,
): QueueRequest | undefined {
  if (version >= SmpVersion.shortLinks) return reader.maybe(readQueueRequest);
  if (version >= SmpVersion.senderKey) {
    return { mode: reader.bool() ? "M" : "C" };
  }
  return undefined;
}

function writeQueueRequest(writer: Writer, request: QueueRequest): void {
  writer.ascii(request.mode);
  if (request.mode === "M") {
    writer.maybe(request.link, (w, link) => {
      writeLinkData(w.short(link.senderId), link.data);
    });
  } else {
    writer.maybe(request.link, (w, link) => {
      writeLinkData(w.short(link.linkId).short(link.senderId), link.data);
    });
  }
}

function readQueueRequest(reader: Reader): QueueRequest {
  switch (reader.char()) {
    case "M":
      return {
        mode: "M",
        link: reader.maybe(() => ({
          senderId: reader.short(),
          data: readLinkData(reader),
        })),
      };
    case "C":
      return {
        mode: "C",
        link: reader.maybe(() => ({
          linkId: reader.short(),
          senderId: reader.short(),
          data: readLinkData(reader),
        })),
      };
    default:
      throw new WireError("Invalid queue mode");
  }
}

function writeNotifierRequest(writer: Writer, request: NotifierRequest): void {
  writeAuthKey(writer, request.authKey);
  writeDhKey(writer, request.dhKey);
}

function readNotifierRequest(reader: Reader): NotifierRequest {
  return { authKey: readAuthKey(reader), dhKey: readDhKey(reader) };
}

/** Writes fixed and user data of a link, each with a 2-byte length. */
export function writeLinkData(writer: Writer, data: LinkData): void {
  writer.large(data.fixed).large(data.user);
}

/** Reads what {@link writeLinkData} writes; the data are views. */
export function readLinkData(reader: Reader): LinkData {
  return { fixed: reader.large(), user: reader.large() };
}

/**
 * A password: printable characters of Latin-1 other than space, `@`, `:` and
 * `/` (`basicAuth`).
 */
function readBasicAuth(reader: Reader): Uint8Array {
  const password = reader.short();
  if (!isBasicAuth(password)) throw new WireError("Invalid password");
  return password;
}

/** Whether a password can be sent to the reference (`basicAuth`). */
export function isBasicAuth(password: Uint8Array): boolean {
  return password.every((byte) =>
    byte > 0x20 && byte !== 0x40 && byte !== 0x3a && byte !== 0x2f &&
    (byte < 0x7f || (byte > 0xa0 && byte !== 0xad))
  );
}
