/**
 * The JSON of `INFO` (simplexmq 6.5.5, `QueueInfo` in
 * `Simplex.Messaging.Server.QueueStore.QueueInfo`, written by aeson: fields in
 * the order of the record, absent ones left out).
 *
 * ```json
 * {"qiSnd":true,"qiNtf":false,
 *  "qiSub":{"qSubThread":"subThread","qDelivered":"AAECAw=="},
 *  "qiSize":1,
 *  "qiMsg":{"msgId":"AAECAw==","msgTs":"2025-03-30T12:34:56Z","msgType":"message"}}
 * ```
 *
 * @module
 */

import { WireError } from "../wire/mod.ts";
import type { QueueInfo } from "./messages.ts";

type Subscription = NonNullable<QueueInfo["subscription"]>;
type FirstMessage = NonNullable<QueueInfo["message"]>;
type JsonObject = Readonly<Record<string, unknown>>;

/** JSON of the state of a queue. */
export function encodeQueueInfo(info: QueueInfo): Uint8Array {
  // Absent fields are undefined, which JSON.stringify leaves out.
  return new TextEncoder().encode(JSON.stringify({
    qiSnd: info.secured,
    qiNtf: info.notifier,
    qiSub: info.subscription && {
      qSubThread: info.subscription.state,
      qDelivered: info.subscription.delivered,
    },
    qiSize: info.size,
    qiMsg: info.message && {
      msgId: info.message.id,
      msgTs: isoTime(info.message.time),
      msgType: info.message.type,
    },
  }));
}

/**
 * The state of a queue that `bytes` say; unknown fields are ignored.
 *
 * @throws {WireError} when it is not the JSON of one
 */
export function decodeQueueInfo(bytes: Uint8Array): QueueInfo {
  const info = object(parseJson(bytes));
  const subscription = optional(info.qiSub, object);
  const message = optional(info.qiMsg, object);
  return {
    secured: boolean(info.qiSnd),
    notifier: boolean(info.qiNtf),
    subscription: subscription && readSubscription(subscription),
    size: integer(info.qiSize),
    message: message && readFirstMessage(message),
  };
}

function readSubscription(json: JsonObject): Subscription {
  return {
    state: subscriptionState(json.qSubThread),
    delivered: optional(json.qDelivered, string),
  };
}

function readFirstMessage(json: JsonObject): FirstMessage {
  return {
    id: string(json.msgId),
    time: seconds(string(json.msgTs)),
    type: messageType(json.msgType),
  };
}

/** As aeson writes it: UTC, no fraction or only the digits it needs. */
function isoTime(time: number): string {
  return new Date(time * 1000).toISOString()
    .replace(/\.?0*Z$/, "Z");
}

function seconds(text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new WireError("Invalid time");
  return milliseconds / 1000;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new WireError("Invalid JSON", { cause });
  }
}

function object(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError("Not an object");
  }
  return { ...value };
}

function optional<T>(
  value: unknown,
  read: (value: unknown) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw new WireError("Not a boolean");
  return value;
}

function integer(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new WireError("Not an integer");
  }
  return value;
}

function string(value: unknown): string {
  if (typeof value !== "string") throw new WireError("Not a string");
  return value;
}

function subscriptionState(value: unknown): Subscription["state"] {
  switch (value) {
    case "noSub":
    case "subPending":
    case "subThread":
    case "prohibitSub":
      return value;
    default:
      throw new WireError("Unknown state of the subscription");
  }
}

function messageType(value: unknown): FirstMessage["type"] {
  if (value === "message" || value === "quota") return value;
  throw new WireError("Unknown type of message");
}
