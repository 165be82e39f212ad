/**
 * Messages and visitors as bytes.
 *
 * ```text
 * message: length (2, big-endian) | JSON in UTF-8
 * visitor: version (1) = 1 | pseudonym (8) | bytes of the visitor …
 * ```
 *
 * What comes from the network is checked field by field; whatever else a
 * message has is left out, so that either end may be newer.
 *
 * @module
 */

import { isIP } from "node:net";
import { CALLBACK_OUTCOMES, type CallbackOutcome } from "../../callback/mod.ts";
import type {
  CoreMessage,
  HomeMessage,
  Lease,
  RefusalReason,
  Visitor,
} from "./messages.ts";

/** Bytes of the largest message. */
export const MAX_MESSAGE = 8192;
/** Bytes in front of each visitor's own. */
export const VISITOR_SIZE = 9;
const PSEUDONYM_SIZE = 8;
const VERSION = 1;

/** Values of one TXT record, and length of each. */
const MAX_TEXTS = 8;
const MAX_TEXT = 255;
/** Addresses of a core. */
const MAX_ADDRESSES = 16;

/** What the peer sent is no message. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}

/** A message with its length. */
export function encodeMessage(
  message: HomeMessage | CoreMessage,
): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(message));
  if (json.length > MAX_MESSAGE) throw new RangeError("Message too long");
  const bytes = new Uint8Array(2 + json.length);
  bytes[0] = json.length >> 8;
  bytes[1] = json.length;
  bytes.set(json, 2);
  return bytes;
}

/** @throws {MessageError} */
export function decodeHomeMessage(json: Uint8Array): HomeMessage {
  const fields = new Fields(json);
  switch (fields.text("type")) {
    case "hello":
      return {
        type: "hello",
        software: fields.text("software"),
        instance: fields.get("instance", isShortText),
        label: fields.optional("label", isText),
        port: fields.optional("port", isPort),
        invitation: fields.optional("invitation", isText),
      };
    case "reach":
      return {
        type: "reach",
        id: fields.get("id", isCount),
        direct: fields.get("direct", isBoolean),
      };
    case "text":
      return {
        type: "text",
        id: fields.get("id", isCount),
        name: fields.text("name"),
        values: fields.get("values", isTxtValues),
      };
    default:
      throw new MessageError("A relay sends no such message");
  }
}

/** @throws {MessageError} */
export function decodeCoreMessage(json: Uint8Array): CoreMessage {
  const fields = new Fields(json);
  switch (fields.text("type")) {
    case "welcome":
      return {
        type: "welcome",
        software: fields.text("software"),
        lease: fields.get("lease", isLease),
        core: fields.get("core", isAddresses),
        source: fields.get("source", isAddress),
        visitors: fields.get("visitors", isCount),
      };
    case "refused":
      return {
        type: "refused",
        reason: fields.get("reason", isReason),
        message: fields.text("message"),
        retryAfterSeconds: fields.optional("retryAfterSeconds", isCount),
      };
    case "reached":
      return {
        type: "reached",
        id: fields.get("id", isCount),
        outcome: fields.get("outcome", isOutcome),
        name: fields.get("name", isPlace),
      };
    case "done":
      return {
        type: "done",
        id: fields.get("id", isCount),
        error: fields.optional("error", isText),
      };
    default:
      throw new MessageError("A core sends no such message");
  }
}

/** The bytes in front of a visitor's own. */
export function encodeVisitor({ pseudonym }: Visitor): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(VISITOR_SIZE);
  bytes[0] = VERSION;
  bytes.set(pseudonym.subarray(0, PSEUDONYM_SIZE), 1);
  return bytes;
}

/**
 * @param bytes of {@link VISITOR_SIZE}
 * @throws {MessageError}
 */
export function decodeVisitor(bytes: Uint8Array): Visitor {
  if (bytes.length !== VISITOR_SIZE || bytes[0] !== VERSION) {
    throw new MessageError("A visitor is announced in an unknown way");
  }
  return { pseudonym: bytes.slice(1) };
}

/** A JSON object whose fields are checked as they are taken out. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(json: Uint8Array) {
    let value: unknown;
    try {
      value = JSON.parse(
        new TextDecoder("utf-8", { fatal: true }).decode(json),
      );
    } catch (cause) {
      throw new MessageError("A message is not JSON", { cause });
    }
    if (!isRecord(value)) throw new MessageError("A message is not an object");
    this.#values = value;
  }

  get<T>(name: string, is: (value: unknown) => value is T): T {
    const value = Object.hasOwn(this.#values, name)
      ? this.#values[name]
      : undefined;
    if (!is(value)) {
      throw new MessageError(`A message's "${name}" is missing or wrong`);
    }
    return value;
  }

  optional<T>(
    name: string,
    is: (value: unknown) => value is T,
  ): T | undefined {
    return Object.hasOwn(this.#values, name) ? this.get(name, is) : undefined;
  }

  text(name: string): string {
    return this.get(name, isText);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Printed for people sometimes, so without control characters. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 1000 &&
    // deno-lint-ignore no-control-regex
    !/[\u0000-\u001f\u007f-\u009f]/.test(value);
}

function isShortText(value: unknown): value is string {
  return isText(value) && value.length <= 64;
}

/** Of TXT records: plain ASCII, so that a letter is a byte. */
function isTxtValues(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_TEXTS &&
    value.every((each) =>
      typeof each === "string" && each.length <= MAX_TEXT &&
      /^[\x20-\x7e]+$/.test(each)
    );
}

function isAddresses(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_ADDRESSES &&
    value.every(isAddress);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPort(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= 65535;
}

function isAddress(value: unknown): value is string {
  return typeof value === "string" && isIP(value) !== 0;
}

/** A name of at least two labels in the letters that names are made of. */
function isLease(value: unknown): value is Lease {
  return isRecord(value) && isPort(value.port) &&
    typeof value.name === "string" && value.name.length <= 253 &&
    /^(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d-]{2,63}$/.test(value.name);
}

const reasons: Readonly<Record<RefusalReason, true>> = {
  closed: true,
  full: true,
  banned: true,
  "too often": true,
  replaced: true,
  protocol: true,
};

function isReason(value: unknown): value is RefusalReason {
  return typeof value === "string" && Object.hasOwn(reasons, value);
}

function isOutcome(value: unknown): value is CallbackOutcome {
  return CALLBACK_OUTCOMES.some((outcome) => outcome === value);
}

function isPlace(value: unknown): value is "home" | "core" {
  return value === "home" || value === "core";
}
