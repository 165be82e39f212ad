/**
 * Encoding of the protocol's errors (simplexmq 6.5.5, `Encoding` instances of
 * `ErrorType`, `CommandError`, `ProxyError`, `BrokerErrorType`, `NetworkError`
 * and `BlockingInfo` in `Simplex.Messaging.Protocol`, of `TransportError` in
 * `.Transport`).
 *
 * ```text
 * error     = tag [SP parameter]
 * CMD       SP reason
 * PROXY     SP ("PROTOCOL" SP error | "BROKER" SP broker | "BASIC_AUTH" | …)
 * broker    = ("RESPONSE" | "UNEXPECTED") SP short | "TRANSPORT" SP transport
 *           | "NETWORK" [SP network] | "TIMEOUT" | "HOST" | "NO_SERVICE"
 * BLOCKED   SP "reason=" ("spam" | "content") [",notice=" JSON to the end]
 * STORE     SP UTF-8 to the end
 * ```
 *
 * @module
 */

import { type Reader, WireError, Writer } from "../wire/mod.ts";
import type {
  BlockingInfo,
  BrokerError,
  CommandErrorReason,
  HandshakeErrorReason,
  ProxyError,
  SmpError,
  TransportError,
} from "./errors.ts";

const SPACE = 0x20;
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictUtf8Decoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/** Writes what follows `ERR` and a space. */
export function writeSmpError(writer: Writer, error: SmpError): void {
  writer.ascii(error.type);
  switch (error.type) {
    case "CMD":
      writer.ascii(" ").ascii(error.reason);
      break;
    case "PROXY":
      writeProxyError(writer.ascii(" "), error.error);
      break;
    case "BLOCKED":
      writeBlockingInfo(writer.ascii(" "), error.info);
      break;
    case "STORE":
      writer.ascii(" ").bytes(utf8Encoder.encode(error.message));
      break;
  }
}

/** The bytes of an error, as after `ERR` and a space. */
export function encodeSmpError(error: SmpError): Uint8Array {
  const writer = new Writer(32);
  writeSmpError(writer, error);
  return writer.finish();
}

/**
 * Reads an error.
 *
 * @throws {WireError} when the bytes are not an error
 */
export function readSmpError(reader: Reader): SmpError {
  const type = readErrorTag(reader);
  switch (type) {
    case "BLOCK":
    case "SESSION":
    case "AUTH":
    case "SERVICE":
    case "CRYPTO":
    case "QUOTA":
    case "NO_MSG":
    case "LARGE_MSG":
    case "EXPIRED":
    case "INTERNAL":
    case "DUPLICATE_":
      return { type };
    case "CMD":
      reader.space();
      return { type, reason: readCommandErrorReason(reader) };
    case "PROXY":
      reader.space();
      return { type, error: readProxyError(reader) };
    case "BLOCKED":
      reader.space();
      return { type, info: readBlockingInfo(reader) };
    case "STORE":
      reader.space();
      return { type, message: utf8Decoder.decode(reader.tail()) };
    default:
      throw new WireError("Unknown error type");
  }
}

/** Writes a transport error, in `PROXY` and in the service handshake. */
export function writeTransportError(
  writer: Writer,
  error: TransportError,
): void {
  writer.ascii(error.type);
  if (error.type === "HANDSHAKE") writer.ascii(" ").ascii(error.reason);
}

/**
 * Reads a transport error.
 *
 * @throws {WireError} when the bytes are not a transport error
 */
export function readTransportError(reader: Reader): TransportError {
  const type = readErrorTag(reader);
  switch (type) {
    case "BLOCK":
    case "VERSION":
    case "LARGE_MSG":
    case "SESSION":
    case "NO_AUTH":
      return { type };
    case "HANDSHAKE":
      reader.space();
      return { type, reason: readHandshakeErrorReason(reader) };
    default:
      throw new WireError("Unknown transport error");
  }
}

function writeProxyError(writer: Writer, error: ProxyError): void {
  writer.ascii(error.type);
  if (error.type === "PROTOCOL") {
    writeSmpError(writer.ascii(" "), error.error);
  } else if (error.type === "BROKER") {
    writeBrokerError(writer.ascii(" "), error.error);
  }
}

function readProxyError(reader: Reader): ProxyError {
  const type = readErrorTag(reader);
  switch (type) {
    case "PROTOCOL":
      reader.space();
      return { type, error: readSmpError(reader) };
    case "BROKER":
      reader.space();
      return { type, error: readBrokerError(reader) };
    case "BASIC_AUTH":
    case "NO_SESSION":
      return { type };
    default:
      throw new WireError("Unknown proxy error");
  }
}

function writeBrokerError(writer: Writer, error: BrokerError): void {
  writer.ascii(error.type);
  switch (error.type) {
    case "RESPONSE":
    case "UNEXPECTED":
      // One byte a character; what does not fit the length byte is cut off.
      writer.ascii(" ");
      writer.byte(Math.min(error.message.length, 255));
      writer.ascii(error.message.slice(0, 255));
      break;
    case "TRANSPORT":
      writeTransportError(writer.ascii(" "), error.error);
      break;
  }
}

function readBrokerError(reader: Reader): BrokerError {
  const type = readErrorTag(reader);
  switch (type) {
    case "RESPONSE":
    case "UNEXPECTED":
      reader.space();
      return { type, message: latin1(reader.short()) };
    case "TRANSPORT":
      reader.space();
      return { type, error: readTransportError(reader) };
    case "NETWORK":
      // Sent without its parameter, to be read with and without it.
      if (!reader.atEnd) {
        reader.space();
        skipNetworkError(reader);
      }
      return { type };
    case "TIMEOUT":
    case "HOST":
    case "NO_SERVICE":
      return { type };
    default:
      throw new WireError("Unknown broker error");
  }
}

function skipNetworkError(reader: Reader): void {
  switch (readErrorTag(reader)) {
    case "CONNECT":
    case "TLS":
    case "SUBSCRIBE":
      reader.space();
      reader.short();
      return;
    case "UNKNOWNCA":
    case "FAILED":
    case "TIMEOUT":
      return;
    default:
      throw new WireError("Unknown network error");
  }
}

/**
 * Reads what follows `CMD` and a space; the same in XFTP.
 *
 * @throws {WireError} when the bytes are no reason
 */
export function readCommandErrorReason(reader: Reader): CommandErrorReason {
  const reason = readErrorTag(reader);
  switch (reason) {
    case "UNKNOWN":
    case "SYNTAX":
    case "PROHIBITED":
    case "NO_AUTH":
    case "HAS_AUTH":
    case "NO_ENTITY":
      return reason;
    case "NO_QUEUE": // its old name
      return "NO_ENTITY";
    default:
      throw new WireError("Unknown command error");
  }
}

function readHandshakeErrorReason(reader: Reader): HandshakeErrorReason {
  const reason = readErrorTag(reader);
  switch (reason) {
    case "PARSE":
    case "IDENTITY":
    case "BAD_AUTH":
    case "BAD_SERVICE":
      return reason;
    default:
      throw new WireError("Unknown handshake error");
  }
}

/** Writes what follows `BLOCKED` and a space; the same in XFTP. */
export function writeBlockingInfo(writer: Writer, info: BlockingInfo): void {
  const reason = `reason=${info.reason}`;
  const text = info.notice === undefined
    ? reason
    : `${reason},notice=${info.notice}`;
  writer.bytes(utf8Encoder.encode(text));
}

const BLOCKING_PATTERN = /^reason=(spam|content)(?:,notice=(.*))?$/s;

/**
 * Reads what follows `BLOCKED` and a space, up to the end; the same in XFTP.
 *
 * @throws {WireError} when the bytes do not say why
 */
export function readBlockingInfo(reader: Reader): BlockingInfo {
  const match = BLOCKING_PATTERN.exec(strictUtf8(reader.tail()));
  if (match === null) throw new WireError("Invalid blocking info");
  const reason = match[1] === "spam" ? "spam" : "content";
  return match[2] === undefined
    ? { reason }
    : { reason, notice: canonicalNotice(match[2]) };
}

/** The notice as the reference would write it: known fields, no spaces. */
function canonicalNotice(text: string): string {
  let notice: unknown;
  try {
    notice = JSON.parse(text);
  } catch (cause) {
    throw new WireError("Invalid notice", { cause });
  }
  if (typeof notice !== "object" || notice === null || Array.isArray(notice)) {
    throw new WireError("Invalid notice");
  }
  const ttl: unknown = "ttl" in notice ? notice.ttl : null;
  if (ttl === null) return "{}";
  if (!Number.isSafeInteger(ttl)) throw new WireError("Invalid notice");
  return JSON.stringify({ ttl });
}

/** Longest of the names read here, `BAD_SERVICE`, with some room. */
const MAX_TAG_LENGTH = 16;

/**
 * Reads the name of an error, up to a space or the end; the same in XFTP.
 *
 * @throws {WireError} when it is longer than any name
 */
export function readErrorTag(reader: Reader): string {
  const tag = reader.takeTill(SPACE);
  if (tag.length > MAX_TAG_LENGTH) throw new WireError("Unknown name");
  return latin1(tag);
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function strictUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8Decoder.decode(bytes);
  } catch (cause) {
    throw new WireError("Invalid UTF-8", { cause });
  }
}
