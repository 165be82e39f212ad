/**
 * What the relay encrypts for the recipient of a queue: messages, and the
 * metadata in notifications (simplexmq 6.5.5, `encodeRcvMsgBody`,
 * `clientRcvMsgBodyP` and `NMsgMeta` in `Simplex.Messaging.Protocol`,
 * `encryptMsg` and `mkMessageNotification` in `.Server`).
 *
 * ```text
 * message   = time (8) | flags ("T" or "F") | SP | body to the end
 * quota     = "QUOTA" SP time (8)
 * body      = box(message or quota padded to 16106), nonce: message ID
 * metadata  = box(message ID (1 + n) | time (8), padded to 128), random nonce
 * ```
 *
 * All messages have one size, whatever the version: 16122 bytes. Times are
 * seconds since 1970.
 *
 * @module
 */

import {
  boxMaxLength,
  type BoxSecret,
  cbDecrypt,
  cbEncrypt,
  cbNonce,
} from "../crypto/mod.ts";
import { decode, type Reader, Writer } from "../wire/mod.ts";
import { readMessageFlags } from "./command_codec.ts";

/** Longest message or quota before padding (`MaxRcvMessageLen`), in bytes. */
const MAX_RECEIVED_LENGTH = 16104;

/** Size of the body of every `MSG`, in bytes. */
export const RECEIVED_BODY_SIZE = MAX_RECEIVED_LENGTH + 18;

/** Padded size of notification metadata, in bytes. */
const PADDED_META_LENGTH = 128;

const SPACE = 0x20;
const QUOTA = new TextEncoder().encode("QUOTA");

/** A message as it is kept for the recipient. */
export type ReceivedMessage =
  | {
    readonly type: "message";
    /** When the relay got it: seconds since 1970. */
    readonly time: number;
    /** Whether the sender wants the notifier to be told. */
    readonly notification: boolean;
    /** As the sender sent it; at most 16088 bytes. */
    readonly body: Uint8Array;
  }
  /** The queue was full at this time: messages are missing. */
  | { readonly type: "quota"; readonly time: number };

/** What belongs to one encrypted message. */
export interface MessageEncryption {
  /** Shared secret of relay and recipient for this queue. */
  readonly secret: BoxSecret;
  /** The message's ID, 24 bytes: also the nonce. */
  readonly messageId: Uint8Array;
}

/** What a notification tells: which message, and when it came. */
export interface NotificationMeta {
  readonly messageId: Uint8Array;
  /** Seconds since 1970. */
  readonly time: number;
}

/** What belongs to the metadata of one notification. */
export interface NotificationEncryption {
  /** Shared secret of relay and recipient for notifications of this queue. */
  readonly secret: BoxSecret;
  /** 24 bytes, sent along in `NMSG`. */
  readonly nonce: Uint8Array;
}

/**
 * The body of `MSG`: 16122 bytes.
 *
 * @throws {RangeError} when the body has more than 16094 bytes; `SEND` of no
 * version may carry more than 16088
 */
export function encryptReceivedMessage(
  message: ReceivedMessage,
  encryption: MessageEncryption & {
    /** Memory for the result, `RECEIVED_BODY_SIZE`; new unless given. */
    readonly into?: Uint8Array;
  },
): Uint8Array {
  return boxMaxLength(messageParts(message), {
    secret: encryption.secret,
    nonce: cbNonce(encryption.messageId),
    maxLength: MAX_RECEIVED_LENGTH,
    into: encryption.into,
  });
}

/**
 * The message in the body of `MSG`; `undefined` when it was not encrypted with
 * this secret or is no message.
 */
export function decryptReceivedMessage(
  body: Uint8Array,
  encryption: MessageEncryption,
): ReceivedMessage | undefined {
  const plain = cbDecrypt(body, {
    secret: encryption.secret,
    nonce: cbNonce(encryption.messageId),
  });
  if (plain === undefined) return undefined;
  return readQuota(plain) ?? decode(plain, readMessage);
}

/** The metadata of `NMSG`: 144 bytes. */
export function encryptNotificationMeta(
  meta: NotificationMeta,
  encryption: NotificationEncryption,
): Uint8Array {
  const plain = new Writer(64).short(meta.messageId).int64(meta.time).finish();
  const box = cbEncrypt(plain, {
    ...encryption,
    paddedLength: PADDED_META_LENGTH,
  });
  if (box === undefined) throw new RangeError("Message ID is too long");
  return box;
}

/**
 * The metadata in `NMSG`; `undefined` when they were not encrypted with this
 * secret. Bytes behind them are for later versions and are ignored.
 */
export function decryptNotificationMeta(
  box: Uint8Array,
  encryption: NotificationEncryption,
): NotificationMeta | undefined {
  const plain = cbDecrypt(box, encryption);
  return plain && decode(plain, (reader) => ({
    messageId: reader.short(),
    time: reader.int64(),
  }), { partial: true });
}

function messageParts(message: ReceivedMessage): Uint8Array[] {
  const head = new Writer(16);
  if (message.type === "quota") {
    head.bytes(QUOTA).byte(SPACE).int64(message.time);
    return [head.finish()];
  }
  head.int64(message.time).bool(message.notification).byte(SPACE);
  return [head.finish(), message.body];
}

function readMessage(reader: Reader): ReceivedMessage {
  const time = reader.int64();
  const notification = readMessageFlags(reader);
  reader.space();
  return { type: "message", time, notification, body: reader.tail() };
}

function readQuota(plain: Uint8Array): ReceivedMessage | undefined {
  for (let i = 0; i < QUOTA.length; i++) {
    if (plain[i] !== QUOTA[i]) return undefined;
  }
  return decode(plain.subarray(QUOTA.length), (reader) => {
    reader.space();
    return { type: "quota", time: reader.int64() };
  });
}
