/**
 * Encoding of commands (simplexmq 6.5.5, `ProtocolEncoding` instances of
 * `Command` and `Cmd`, and `parseProtocol`, in `Simplex.Messaging.Protocol`).
 *
 * ```text
 * command = tag [SP parameters]
 * NEW   SP request, see `new_queue_codec.ts`
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

import { decode, type Reader, Writer } from "../wire/mod.ts";
import { readRelayAddress, writeRelayAddress } from "./address.ts";
import type { Command, CommandTag } from "./commands.ts";
import type { SmpError } from "./errors.ts";
import {
  readAuthKey,
  readDhKey,
  writeAuthKey,
  writeDhKey,
} from "./key_codec.ts";
import {
  readBasicAuth,
  readLinkData,
  readNewQueueRequest,
  readNotifierRequest,
  writeLinkData,
  writeNewQueueRequest,
  writeNotifierRequest,
} from "./new_queue_codec.ts";

const SPACE = 0x20;

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

/** Whether a service signs the command beside its key (`useServiceAuth`). */
export function takesServiceSignature({ tag }: Command): boolean {
  return tag === "NEW" || tag === "SUB" || tag === "NSUB";
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
