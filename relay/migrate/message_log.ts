/**
 * Messages in the reference's files (simplexmq 6.5.5, `StrEncoding Message` in
 * `Simplex.Messaging.Protocol`, `MsgLogRecord` in `...Server.MsgStore`, and
 * `NtfLogRecord` in `...Server.NtfStore`).
 *
 * ```text
 * message       ID SECONDS [flags=T|F ]BODY
 *               ID SECONDS quota
 * message log   v3 RECIPIENT message
 * notification  v1 NOTIFIER ID SECONDS NONCE METADATA
 * ```
 * Lines of a journal are messages alone.
 *
 * @module
 */

import { EMPTY } from "../wire/mod.ts";
import { bytesOf, FieldReader, FormatError, textOf } from "./fields.ts";

/** A message as it waits in a queue. */
export interface LoggedMessage {
  readonly id: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
  readonly notification: boolean;
  /** The mark of a full queue; it has no body. */
  readonly quota: boolean;
  readonly body: Uint8Array;
}

/** A notification that was not handed on; what it says follows from these. */
export interface LoggedNotification {
  readonly notifierId: Uint8Array;
  readonly messageId: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Bytes a body may have (`maxMessageLength` before version 11). */
const BODY_MAX = 16_088;

/** Reads a message to the end of the line. @throws {FormatError} */
export function readMessage(reader: FieldReader): LoggedMessage {
  const id = reader.id("the message's ID");
  reader.expect(" ");
  const time = reader.integer("the time");
  reader.expect(" ");
  if (reader.takes("quota")) {
    reader.end();
    return { id, time, notification: false, quota: true, body: EMPTY };
  }
  const notification = readFlags(reader);
  const text = reader.rest();
  // The reference writes an empty message so, though it cannot read it.
  const body = text === "" ? EMPTY : bytesOf(text, "the message");
  if (body.length > BODY_MAX) throw new FormatError("the message is too long");
  return { id, time, notification, quota: false, body };
}

/** Reads one line of the message log. @throws {FormatError} */
export function parseMessageLine(
  line: string,
): { readonly recipientId: Uint8Array; readonly message: LoggedMessage } {
  const reader = new FieldReader(line);
  reader.expect("v3 ");
  const recipientId = reader.id("the queue");
  reader.expect(" ");
  return { recipientId, message: readMessage(reader) };
}

/** Writes one line of the message log. */
export function formatMessage(
  recipientId: Uint8Array,
  message: LoggedMessage,
): string {
  const { id, time, notification, quota, body } = message;
  const begin = `v3 ${textOf(recipientId)} ${textOf(id)} ${time}`;
  return quota
    ? `${begin} quota`
    : `${begin} flags=${notification ? "T" : "F"} ${textOf(body)}`;
}

/** Reads one line of the notification log. @throws {FormatError} */
export function parseNotificationLine(line: string): LoggedNotification {
  const reader = new FieldReader(line);
  reader.expect("v1 ");
  const notifierId = reader.id("the notifier");
  reader.expect(" ");
  const messageId = reader.id("the message's ID");
  reader.expect(" ");
  const time = reader.integer("the time");
  reader.expect(" ");
  reader.id("the nonce");
  reader.expect(" ");
  reader.bytes("the metadata");
  reader.end();
  return { notifierId, messageId, time };
}

/** Writes one line of the notification log. */
export function formatNotification(
  notification: LoggedNotification & {
    readonly nonce: Uint8Array;
    readonly metadata: Uint8Array;
  },
): string {
  const { notifierId, messageId, time, nonce, metadata } = notification;
  return `v1 ${textOf(notifierId)} ${textOf(messageId)} ${time} ` +
    `${textOf(nonce)} ${textOf(metadata)}`;
}

/** Whether to notify; later flags are letters and digits that we skip. */
function readFlags(reader: FieldReader): boolean {
  if (!reader.takes("flags=")) return false;
  const word = reader.word();
  reader.expect(" ");
  if (word.startsWith("T")) return true;
  if (word.startsWith("F")) return false;
  throw new FormatError("the flags are damaged");
}
