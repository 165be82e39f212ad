/**
 * Records of the reference's file log, `file-server-store.log` (simplexmq
 * 6.5.5, `FileStoreLogRecord` in `Simplex.FileTransfer.Server.StoreLog`).
 *
 * ```text
 * FNEW sid KEY SIZE DIGEST SECONDS[ active|off|blocked,REASON]
 * FADD sid rid:KEY[,rid:KEY…]
 * FPUT sid PATH                   FDEL sid
 * FBLK sid REASON                 FACK rid
 * ```
 * IDs, keys, the digest and the path are base64url. A REASON is
 * `reason=spam|content[,notice=JSON]`. In a log that the server has written
 * anew at its start, one FADD has all recipients of a file.
 *
 * @module
 */

import type { BlockingInfo } from "../smp/errors.ts";
import type { FileRecipient, FileRecord } from "../xftp/file_store.ts";
import { bytesOf, FieldReader, FormatError, keyOf } from "./fields.ts";
import { readBlockingInfo, readStatus } from "./store_log.ts";

/** A file as the log announces it. */
export type LoggedFile = Omit<FileRecord, "uploaded" | "status"> & {
  /** "off" is a state that the server knows but never sets. */
  readonly status: FileRecord["status"] | { readonly type: "off" };
};

/** One record of the log. */
export type FileLogRecord =
  | { readonly type: "FNEW"; readonly file: LoggedFile }
  | {
    readonly type: "FADD";
    readonly senderId: Uint8Array;
    readonly recipients: readonly FileRecipient[];
  }
  | {
    readonly type: "FPUT";
    readonly senderId: Uint8Array;
    readonly path: string;
  }
  | { readonly type: "FDEL"; readonly senderId: Uint8Array }
  | {
    readonly type: "FBLK";
    readonly senderId: Uint8Array;
    readonly info: BlockingInfo;
  }
  | { readonly type: "FACK"; readonly recipientId: Uint8Array };

/** Longest record, in characters: 180,000 recipients of one file. */
export const FILE_LINE_MAX = 16 * 1024 * 1024;

const ID_SIZE = 16;
const DIGEST_SIZE = 32;
/** A size is a 32-bit number in the protocol. */
const MAX_SIZE = 0xffff_ffff;
const MAX_PATH = 4096;

/**
 * Reads a line, in which each character is a byte.
 *
 * @throws {FormatError}
 */
export function parseFileLogLine(text: string): FileLogRecord {
  const reader = new FieldReader(text);
  const word = reader.word();
  reader.expect(" ");
  const record = recordOf(word, reader);
  reader.end();
  return record;
}

function recordOf(word: string, reader: FieldReader): FileLogRecord {
  switch (word) {
    case "FNEW":
      return { type: word, file: readFile(reader) };
    case "FADD": {
      const senderId = readId(reader);
      reader.expect(" ");
      const recipients = reader.word().split(",").map(recipientOf);
      return { type: word, senderId, recipients };
    }
    case "FPUT": {
      const senderId = readId(reader);
      reader.expect(" ");
      const path = reader.bytes("the path");
      if (path.length > MAX_PATH || path.includes(0)) {
        throw new FormatError("the path is damaged");
      }
      return { type: word, senderId, path: new TextDecoder().decode(path) };
    }
    case "FDEL":
      return { type: word, senderId: readId(reader) };
    case "FBLK": {
      const senderId = readId(reader);
      reader.expect(" ");
      return { type: word, senderId, info: readBlockingInfo(reader) };
    }
    case "FACK":
      return { type: word, recipientId: readId(reader) };
    default:
      throw new FormatError("it is of no kind that is known");
  }
}

function readFile(reader: FieldReader): LoggedFile {
  const senderId = readId(reader);
  reader.expect(" ");
  const senderKey = reader.key("the sender's key");
  reader.expect(" ");
  const size = reader.integer("the size");
  if (size < 1 || size > MAX_SIZE) {
    throw new FormatError("the size is not that of a file");
  }
  reader.expect(" ");
  const digest = reader.bytes("the digest");
  if (digest.length !== DIGEST_SIZE) {
    throw new FormatError("the digest has another size");
  }
  reader.expect(" ");
  const createdAt = reader.integer("the time");
  // Older servers wrote no status.
  const status = reader.takes(" ")
    ? readStatus(reader)
    : { type: "active" as const };
  return { senderId, senderKey, size, digest, createdAt, status };
}

function readId(reader: FieldReader): Uint8Array {
  return idOf(reader.word());
}

function idOf(text: string): Uint8Array {
  const id = bytesOf(text, "the ID");
  if (id.length !== ID_SIZE) throw new FormatError("the ID is not of a file");
  return id;
}

function recipientOf(text: string): FileRecipient {
  const [id, key, more] = text.split(":");
  if (key === undefined || more !== undefined) {
    throw new FormatError("a recipient is damaged");
  }
  return { recipientId: idOf(id), key: keyOf(key, "a recipient's key") };
}
