/**
 * Records of the reference's queue log, `smp-server-store.log` (simplexmq
 * 6.5.5, `StoreLogRecord` in `Simplex.Messaging.Server.StoreLog`, `QueueRec`
 * and `ServiceRec` in `...Server.QueueStore`).
 *
 * ```text
 * CREATE rid=ID rk=KEY[,KEY…] rdh=SECRET sid=ID sk=[KEY]
 *   [ queue_mode=M|C][ link_id=ID queue_data=FIXED USER]
 *   [ notifier=ID KEY SECRET[ nsrv=ID]][ updated_at=SECONDS]
 *   [ status=off|blocked,REASON][ rsrv=ID]
 * LINK rid ID FIXED USER          NOTIFIER rid ID KEY SECRET[ nsrv=ID]
 * LDELETE rid                     NDELETE rid
 * SECURE rid KEY                  KEYS rid KEY[,KEY…]
 * SUSPEND rid                     BLOCK rid REASON
 * UNBLOCK rid                     DELETE rid
 * TIME rid SECONDS                QUEUE_SERVICE rid R|N [ID]
 * NEW_SERVICE service_id=ID role=M|N|P cert=DER[,DER…] cert_hash=HASH
 *   created_at=SECONDS
 * ```
 * A REASON is `reason=spam|content[,notice=JSON]`. In place of `queue_mode`,
 * servers before version 6.3 wrote `sndSecure=T|F`, and the oldest nothing.
 *
 * @module
 */

import type { QueueMode, ServiceRole } from "../smp/commands.ts";
import type { BlockingInfo } from "../smp/errors.ts";
import type {
  LinkRecord,
  NotifierRecord,
  QueueRecord,
  QueueStatus,
  ServiceRecord,
} from "../store/mod.ts";
import {
  bytesOf,
  DAY_SECONDS,
  FieldReader,
  FormatError,
  textOf,
} from "./fields.ts";

/** Records that name nothing but the queue. */
type QueueWord = "LDELETE" | "SUSPEND" | "UNBLOCK" | "DELETE" | "NDELETE";

/** One record of the log. */
export type StoreLogRecord =
  | { readonly type: "CREATE"; readonly record: QueueRecord }
  | { readonly type: "NEW_SERVICE"; readonly service: ServiceRecord }
  | { readonly recipientId: Uint8Array } & QueueChange;

/** A change of a queue that was created before. */
export type QueueChange =
  | { readonly type: QueueWord }
  | { readonly type: "LINK"; readonly link: LinkRecord }
  | { readonly type: "SECURE"; readonly key: Uint8Array }
  | { readonly type: "KEYS"; readonly keys: readonly Uint8Array[] }
  | { readonly type: "NOTIFIER"; readonly notifier: NotifierRecord }
  | { readonly type: "BLOCK"; readonly info: BlockingInfo }
  | { readonly type: "TIME"; readonly day: number }
  | {
    readonly type: "QUEUE_SERVICE";
    readonly party: "recipient" | "notifier";
    readonly serviceId?: Uint8Array;
  };

/**
 * Reads one line of the log.
 *
 * @throws {FormatError}
 */
export function parseStoreLogLine(line: string): StoreLogRecord {
  const reader = new FieldReader(line);
  const record = readRecord(reader);
  reader.end();
  return record;
}

/** Lines that bring this queue back as it is. */
export function formatQueue(record: QueueRecord): string[] {
  const rid = textOf(record.recipientId);
  const { mode, link, notifier, status, updatedDay, recipientServiceId } =
    record;
  const service = recipientServiceId && textOf(recipientServiceId);
  // The reference cannot read a service behind a notice in one line.
  const apart = status.type === "blocked" && status.info.notice !== undefined;
  const line = [
    `CREATE rid=${rid}`,
    `rk=${record.recipientKeys.map(textOf).join(",")}`,
    `rdh=${textOf(record.recipientDhSecret)}`,
    `sid=${textOf(record.senderId)}`,
    `sk=${record.senderKey ? textOf(record.senderKey) : ""}`,
    ...mode ? [`queue_mode=${mode}`] : [],
    ...link
      ? [
        `link_id=${textOf(link.id)}`,
        `queue_data=${textOf(link.fixed)} ${textOf(link.user)}`,
      ]
      : [],
    ...notifier ? [`notifier=${formatNotifier(notifier)}`] : [],
    ...updatedDay === undefined
      ? []
      : [`updated_at=${updatedDay * DAY_SECONDS}`],
    ...status.type === "active" ? [] : [`status=${formatStatus(status)}`],
    ...service && !apart ? [`rsrv=${service}`] : [],
  ].join(" ");
  return service && apart
    ? [line, `QUEUE_SERVICE ${rid} R ${service}`]
    : [line];
}

/** The line that brings this service back. */
export function formatService(service: ServiceRecord): string {
  return [
    `NEW_SERVICE service_id=${textOf(service.id)}`,
    `role=${service.role}`,
    `cert=${service.certificates.map(textOf).join(",")}`,
    `cert_hash=${textOf(service.certificateHash)}`,
    `created_at=${service.createdDay * DAY_SECONDS}`,
  ].join(" ");
}

function readRecord(reader: FieldReader): StoreLogRecord {
  const type = reader.word();
  reader.expect(" ");
  switch (type) {
    case "CREATE":
      return { type, record: readQueue(reader) };
    case "NEW_SERVICE":
      return { type, service: readService(reader) };
    default: {
      const recipientId = reader.id("the queue");
      return { recipientId, ...readChange(reader, type) };
    }
  }
}

function readChange(reader: FieldReader, type: string): QueueChange {
  switch (type) {
    case "LDELETE":
    case "SUSPEND":
    case "UNBLOCK":
    case "DELETE":
    case "NDELETE":
      return { type };
    case "LINK": {
      reader.expect(" ");
      const id = reader.id("the link");
      reader.expect(" ");
      return { type, link: { id, ...readLinkData(reader) } };
    }
    case "SECURE":
      reader.expect(" ");
      return { type, key: reader.key("the sender's key") };
    case "KEYS":
      reader.expect(" ");
      return { type, keys: reader.keys("a recipient's key") };
    case "NOTIFIER":
      reader.expect(" ");
      return { type, notifier: readNotifier(reader) };
    case "BLOCK":
      reader.expect(" ");
      return { type, info: readBlockingInfo(reader) };
    case "TIME":
      reader.expect(" ");
      return { type, day: reader.day("the time") };
    case "QUEUE_SERVICE":
      reader.expect(" ");
      return { type, ...readQueueService(reader) };
    default:
      throw new FormatError("it is no known record");
  }
}

function readQueue(reader: FieldReader): QueueRecord {
  reader.expect("rid=");
  const recipientId = reader.id("the queue");
  reader.expect(" rk=");
  const recipientKeys = reader.keys("a recipient's key");
  reader.expect(" rdh=");
  const recipientDhSecret = reader.secret("the recipient's secret");
  reader.expect(" sid=");
  const senderId = reader.id("the sender's ID");
  reader.expect(" sk=");
  const senderText = reader.word();
  const senderKey = senderText === ""
    ? undefined
    : new FieldReader(senderText).key("the sender's key");
  const mode = readMode(reader);
  const link = reader.takes(" link_id=") ? readLink(reader) : undefined;
  const notifier = reader.takes(" notifier=")
    ? readNotifier(reader)
    : undefined;
  const updatedDay = reader.takes(" updated_at=")
    ? reader.day("the time")
    : undefined;
  const status = reader.takes(" status=")
    ? readStatus(reader)
    : { type: "active" } as const;
  const recipientServiceId = reader.takes(" rsrv=")
    ? reader.id("the service")
    : undefined;
  return {
    recipientId,
    senderId,
    recipientKeys,
    recipientDhSecret,
    ...senderKey && { senderKey },
    ...mode && { mode },
    ...link && { link },
    ...notifier && { notifier },
    status,
    ...updatedDay !== undefined && { updatedDay },
    ...recipientServiceId && { recipientServiceId },
  };
}

function readMode(reader: FieldReader): QueueMode | undefined {
  if (reader.takes(" sndSecure=")) {
    const secure = reader.word();
    if (secure === "T") return "M";
    if (secure === "F") return "C";
    throw new FormatError('"sndSecure" is neither T nor F');
  }
  if (!reader.takes(" queue_mode=")) return undefined;
  const mode = reader.word();
  if (mode === "M" || mode === "C") return mode;
  throw new FormatError('"queue_mode" is neither M nor C');
}

function readLink(reader: FieldReader): LinkRecord {
  const id = reader.id("the link");
  reader.expect(" queue_data=");
  return { id, ...readLinkData(reader) };
}

function readLinkData(reader: FieldReader): Omit<LinkRecord, "id"> {
  const fixed = reader.bytes("link data");
  reader.expect(" ");
  return { fixed, user: reader.bytes("link data") };
}

function readNotifier(reader: FieldReader): NotifierRecord {
  const id = reader.id("the notifier");
  reader.expect(" ");
  const key = reader.key("the notifier's key");
  reader.expect(" ");
  const dhSecret = reader.secret("the notifier's secret");
  const serviceId = reader.takes(" nsrv=")
    ? reader.id("the notifier's service")
    : undefined;
  return { id, key, dhSecret, ...serviceId && { serviceId } };
}

function formatNotifier({ id, key, dhSecret, serviceId }: NotifierRecord) {
  const text = `${textOf(id)} ${textOf(key)} ${textOf(dhSecret)}`;
  return serviceId ? `${text} nsrv=${textOf(serviceId)}` : text;
}

/** Reads a status. @throws {FormatError} */
export function readStatus(reader: FieldReader): QueueStatus {
  if (reader.takes("blocked,")) {
    return { type: "blocked", info: readBlockingInfo(reader) };
  }
  if (reader.takes("active")) return { type: "active" };
  reader.expect("off");
  return { type: "off" };
}

function formatStatus(status: Exclude<QueueStatus, { type: "active" }>) {
  if (status.type === "off") return "off";
  const { reason, notice } = status.info;
  const text = `blocked,reason=${reason}`;
  return notice === undefined ? text : `${text},notice=${notice}`;
}

/** Reads why something is blocked. @throws {FormatError} */
export function readBlockingInfo(reader: FieldReader): BlockingInfo {
  reader.expect("reason=");
  const reason = reader.takes("spam")
    ? "spam"
    : reader.takes("content")
    ? "content"
    : undefined;
  if (reason === undefined) throw new FormatError("the reason is unknown");
  if (!reader.takes(",notice=")) return { reason };
  // Its JSON has no space inside.
  return { reason, notice: noticeOf(reader.word()) };
}

/** The notice as the relay keeps it: `{}` or `{"ttl":<seconds>}`. */
function noticeOf(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError("the notice is damaged", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FormatError("the notice is damaged");
  }
  const ttl = "ttl" in value ? value.ttl : null;
  if (ttl === null) return "{}";
  if (typeof ttl !== "number" || !Number.isSafeInteger(ttl)) {
    throw new FormatError("the notice is damaged");
  }
  return JSON.stringify({ ttl });
}

function readQueueService(reader: FieldReader) {
  const letter = reader.word();
  const party = letter === "R"
    ? "recipient" as const
    : letter === "N"
    ? "notifier" as const
    : undefined;
  if (party === undefined) {
    throw new FormatError("the service's side is neither R nor N");
  }
  reader.expect(" ");
  // Nothing behind the space: the queue leaves the service.
  return reader.done
    ? { party }
    : { party, serviceId: reader.id("the service") };
}

function readService(reader: FieldReader): ServiceRecord {
  reader.expect("service_id=");
  const id = reader.id("the service");
  reader.expect(" role=");
  const role = roleOf(reader.word());
  reader.expect(" cert=");
  const certificates = reader.word().split(",")
    .map((text) => bytesOf(text, "a certificate"));
  reader.expect(" cert_hash=");
  const certificateHash = reader.secret("the certificate's hash");
  reader.expect(" created_at=");
  const createdDay = reader.day("the time");
  return { id, role, certificateHash, certificates, createdDay };
}

function roleOf(text: string): ServiceRole {
  if (text === "M" || text === "N" || text === "P") return text;
  throw new FormatError("the service's role is unknown");
}
