/**
 * Encoding of what `NEW` asks for, and of its parts that other commands have
 * too (simplexmq 6.5.5, `NewQueueReq`, `QueueReqData`, `NewNtfCreds` and
 * `BasicAuth` in `Simplex.Messaging.Protocol`).
 *
 * ```text
 * request       = recipient key, recipient DH key,
 *                 v6–8:   ["A" password] mode of subscription
 *                 v9–14:  maybe password, mode of subscription,
 *                         bool: sender can secure
 *                 v15–16: maybe password, mode of subscription,
 *                         maybe queue request
 *                 v17–:   the same, maybe notifier keys
 * queue request = "M" maybe (sender ID, link data)
 *               | "C" maybe (link ID, sender ID, link data)
 * link data     = fixed data, user data (2-byte lengths)
 * notifier keys = notifier key, DH key
 * ```
 *
 * @module
 */

import { type Reader, WireError, type Writer } from "../wire/mod.ts";
import type {
  LinkData,
  NewQueueRequest,
  NotifierRequest,
  QueueRequest,
} from "./commands.ts";
import {
  readAuthKey,
  readDhKey,
  writeAuthKey,
  writeDhKey,
} from "./key_codec.ts";
import { SmpVersion } from "./versions.ts";

const BASIC_AUTH_TAG = 0x41; // "A"

/** Writes the request of `NEW` in the form of `version`. */
export function writeNewQueueRequest(
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

/**
 * Reads the request of `NEW`.
 *
 * @throws {WireError} when it is not one in the form of `version`
 */
export function readNewQueueRequest(
  reader: Reader,
  version: number,
): NewQueueRequest {
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

/** Writes the keys of a notifier. */
export function writeNotifierRequest(
  writer: Writer,
  request: NotifierRequest,
): void {
  writeAuthKey(writer, request.authKey);
  writeDhKey(writer, request.dhKey);
}

/**
 * Reads the keys of a notifier.
 *
 * @throws {WireError} when they are not keys for this
 */
export function readNotifierRequest(reader: Reader): NotifierRequest {
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
 * Reads a password: printable characters of Latin-1 other than space, `@`, `:`
 * and `/` (`basicAuth`).
 *
 * @throws {WireError} for other characters
 */
export function readBasicAuth(reader: Reader): Uint8Array {
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
