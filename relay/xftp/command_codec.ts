/**
 * Encoding of XFTP's commands, the same in all versions (simplexmq 6.5.5,
 * `ProtocolEncoding` of `FileCommand` and `FileCmd` in
 * `Simplex.FileTransfer.Protocol`).
 *
 * ```text
 * command = tag [SP parameters]
 * FNEW  SP sender key (1 + n), size (4), SHA-256 (1 + 32),
 *          count (1), recipient keys (1 + n), maybe password (1 + n)
 * FADD  SP count (1), recipient keys (1 + n)
 * FGET  SP X25519 key (1 + 44)
 * the others: the tag alone
 * ```
 *
 * @module
 */

import {
  readAuthKey,
  readBasicAuth,
  readDhKey,
  writeAuthKey,
  writeDhKey,
} from "../smp/mod.ts";
import { decode, type Reader, Writer } from "../wire/mod.ts";
import type { FileInfo, XftpCommand, XftpError } from "./messages.ts";

const SPACE = 0x20;

type CommandTag = XftpCommand["tag"];

/** A command or response that cannot be taken, and the answer to it. */
export interface XftpRefusal {
  readonly error: XftpError;
}

/** There is no such command or response. */
export const unknownTag: XftpRefusal = {
  error: { type: "CMD", reason: "UNKNOWN" },
};
/** Its parameters are wrong. */
export const syntaxError: XftpRefusal = {
  error: { type: "CMD", reason: "SYNTAX" },
};

/** Writes a command. */
export function writeXftpCommand(writer: Writer, command: XftpCommand): void {
  writer.ascii(command.tag);
  switch (command.tag) {
    case "FNEW":
      writeFileInfo(writer.byte(SPACE), command.file);
      writer.list(command.recipientKeys, writeAuthKey)
        .maybe(command.basicAuth, (w, password) => w.short(password));
      break;
    case "FADD":
      writer.byte(SPACE).list(command.recipientKeys, writeAuthKey);
      break;
    case "FGET":
      writeDhKey(writer.byte(SPACE), command.dhKey);
      break;
  }
}

/** The bytes of a command. */
export function encodeXftpCommand(command: XftpCommand): Uint8Array {
  const writer = new Writer(256);
  writeXftpCommand(writer, command);
  return writer.finish();
}

/**
 * The command that `bytes` say, or `CMD UNKNOWN` when there is no such
 * command, `CMD SYNTAX` when its parameters are wrong (`parseProtocol`).
 *
 * Digest and password are views into `bytes`. As in the reference, the length
 * of the digest is not looked at: no content matches a wrong one.
 */
export function decodeXftpCommand(
  bytes: Uint8Array,
): XftpCommand | XftpRefusal {
  const tag = commandTags.get(tagOf(bytes));
  if (tag === undefined) return unknownTag;
  return decode(bytes.subarray(tag.length), (r) => readParameters(r, tag)) ??
    syntaxError;
}

/**
 * Whether a command may come with this authorization and entity ID; the error
 * if not (`checkCredentials`).
 */
export function checkXftpCredentials(
  hasAuth: boolean,
  entityId: Uint8Array,
  command: XftpCommand,
): XftpError | undefined {
  const hasEntity = entityId.length > 0;
  switch (command.tag) {
    case "FNEW":
      if (!hasAuth) return { type: "CMD", reason: "NO_AUTH" };
      return hasEntity ? { type: "CMD", reason: "HAS_AUTH" } : undefined;
    case "PING":
      return hasAuth || hasEntity
        ? { type: "CMD", reason: "HAS_AUTH" }
        : undefined;
    default:
      return hasAuth && hasEntity
        ? undefined
        : { type: "CMD", reason: "NO_AUTH" };
  }
}

/** Length of the commands' and of the longest responses' tags. */
const MAX_TAG_LENGTH = 4;

/** What stands before the first space; text that is no tag if it is longer. */
export function tagOf(bytes: Uint8Array): string {
  let tag = "";
  for (const byte of bytes.subarray(0, MAX_TAG_LENGTH + 1)) {
    if (byte === SPACE) break;
    tag += String.fromCharCode(byte);
  }
  return tag;
}

const commandTags: ReadonlyMap<string, CommandTag> = new Map(
  ([
    "FNEW",
    "FADD",
    "FPUT",
    "FDEL",
    "FGET",
    "FACK",
    "PING",
  ] satisfies CommandTag[]).map((tag) => [tag, tag]),
);

function readParameters(reader: Reader, tag: CommandTag): XftpCommand {
  switch (tag) {
    case "FNEW":
      reader.space();
      return {
        tag,
        file: readFileInfo(reader),
        recipientKeys: reader.nonEmptyList(readAuthKey),
        basicAuth: reader.maybe(readBasicAuth),
      };
    case "FADD":
      reader.space();
      return { tag, recipientKeys: reader.nonEmptyList(readAuthKey) };
    case "FGET":
      reader.space();
      return { tag, dhKey: readDhKey(reader) };
    default:
      return { tag };
  }
}

function writeFileInfo(writer: Writer, file: FileInfo): void {
  writeAuthKey(writer, file.senderKey);
  writer.u32(file.size).short(file.digest);
}

function readFileInfo(reader: Reader): FileInfo {
  return {
    senderKey: readAuthKey(reader),
    size: reader.u32(),
    digest: reader.short(),
  };
}
