/**
 * Transmissions: a command or message with its IDs and authorization
 * (simplexmq 6.5.5, `transmissionP`, `tParse`, `tDecodeServer`,
 * `tDecodeClient`, `encodeTransmissionForAuth` and `tEncodeAuth` in
 * `Simplex.Messaging.Protocol`).
 *
 * ```text
 * transmission  = authorization | [v6: session ID (1 + n)] | rest
 * authorization = length (1), bytes
 *                 [v16–, when not empty: maybe service signature (1 + 64)]
 * rest          = correlation ID (1 + n) | entity ID (1 + n) | command
 * signed        = session ID (1 + n) | rest
 * ```
 *
 * From version 7 the session ID is signed but not sent, so what is signed
 * comes in two parts: the prefix of the session and a view of the block.
 *
 * @module
 */

import {
  decode,
  EMPTY,
  equalBytes,
  type Reader,
  WireError,
  Writer,
} from "../wire/mod.ts";
import { splitBatch } from "./batch.ts";
import {
  checkCredentials,
  decodeCommand,
  writeCommand,
} from "./command_codec.ts";
import type { Command } from "./commands.ts";
import type { SmpError } from "./errors.ts";
import {
  checkMessageEntity,
  decodeMessage,
  writeMessage,
} from "./message_codec.ts";
import type { Message } from "./messages.ts";
import { SmpVersion } from "./versions.ts";

/** What the transmissions of a session depend on. */
export interface TransmissionParams {
  readonly version: number;
  /** Session ID; empty only in tests. */
  readonly sessionId: Uint8Array;
  /** From version 7: the session ID is signed but not sent. */
  readonly implySessionId: boolean;
  /** From version 16: a service signature may follow the authorization. */
  readonly serviceAuth: boolean;
  /** The session ID with its length: where the signed bytes begin. */
  readonly sessionPrefix: Uint8Array;
}

/**
 * Parameters of a session of this version (`smpTHandle_`); for the inner
 * transmissions of a proxied session, of the version forwarded with them
 * (`smpTHParamsSetVersion`).
 */
export function transmissionParams(
  version: number,
  sessionId: Uint8Array,
): TransmissionParams {
  return {
    version,
    sessionId,
    implySessionId: version >= SmpVersion.commandAuth,
    serviceAuth: version >= SmpVersion.services,
    sessionPrefix: new Writer(1 + sessionId.length).short(sessionId).finish(),
  };
}

/** Proof that the sender of a transmission may send it. */
export type Authorization =
  & {
    /** 64 bytes (Ed25519), 114 bytes (Ed448) or 80 bytes (authenticator). */
    readonly bytes: Uint8Array;
    /** Ed25519 signature with the key of a service session, 64 bytes. */
    readonly serviceSignature?: Uint8Array;
  }
  & (
    | { readonly kind: "signature"; readonly algorithm: "ed25519" | "ed448" }
    | { readonly kind: "authenticator" }
  );

/** The bytes that an authorization covers: the first part, then the second. */
export interface SignedParts {
  /** Session ID with its length from version 7; empty before. */
  readonly signedPrefix: Uint8Array;
  /** View of the received transmission without its authorization. */
  readonly signedRest: Uint8Array;
}

/** IDs of a transmission. */
export interface TransmissionIds {
  /** 24 random bytes of the client, empty in events; the length is unchecked. */
  readonly correlationId: Uint8Array;
  /** 24 bytes, or empty where there is no entity; the length is unchecked. */
  readonly entityId: Uint8Array;
}

/** A command with everything needed to verify it. Byte fields are views. */
export interface CommandTransmission extends TransmissionIds, SignedParts {
  readonly authorization?: Authorization;
  readonly command: Command;
}

/** A response or event. Byte fields are views. */
export interface MessageTransmission extends TransmissionIds {
  readonly message: Message;
}

/** A transmission that was refused; a relay answers it with this error. */
export interface RefusedTransmission extends TransmissionIds {
  readonly error: SmpError;
}

/**
 * Transmissions in the content of a block that a client sent, in their order;
 * at least one (`tParse`, `tDecodeServer`).
 */
export function decodeTransmissions(
  params: TransmissionParams,
  content: Uint8Array,
): (CommandTransmission | RefusedTransmission)[] {
  return splitBatch(content)?.map((bytes) => decodeCommandIn(params, bytes)) ??
    [refusal("BLOCK", EMPTY)];
}

/**
 * Transmissions in the content of a block that a relay sent, in their order;
 * at least one (`tParse`, `tDecodeClient`).
 */
export function decodeMessageTransmissions(
  params: TransmissionParams,
  content: Uint8Array,
): (MessageTransmission | RefusedTransmission)[] {
  return splitBatch(content)?.map((bytes) => decodeMessageIn(params, bytes)) ??
    [refusal("BLOCK", EMPTY)];
}

/** What is signed, in one array: for Ed25519 and Ed448, which need it whole. */
export function signedBytes(signed: SignedParts): Uint8Array {
  const { signedPrefix, signedRest } = signed;
  if (signedPrefix.length === 0) return signedRest;
  const joined = new Uint8Array(signedPrefix.length + signedRest.length);
  joined.set(signedPrefix);
  joined.set(signedRest, signedPrefix.length);
  return joined;
}

/** A transmission before it is authorized: what to sign and what to send. */
export interface UnauthorizedTransmission extends SignedParts {
  /** What follows the authorization on the wire. */
  readonly rest: Uint8Array;
}

/**
 * Encodes a command without its authorization
 * (`encodeTransmissionForAuth`); give the result to
 * {@link authorizeTransmission}.
 */
export function encodeCommandTransmission(
  params: TransmissionParams,
  transmission: TransmissionIds & { readonly command: Command },
): UnauthorizedTransmission {
  const { command } = transmission;
  const writer = new Writer(
    command.tag === "SEND" ? command.body.length + 128 : 256,
  );
  writeTransmissionIds(writer, params, transmission);
  writeCommand(writer, params.version, command);
  const rest = writer.finish();
  return {
    rest,
    signedPrefix: params.implySessionId ? params.sessionPrefix : EMPTY,
    signedRest: rest,
  };
}

/**
 * Puts the authorization, or the sign that there is none, before a
 * transmission (`tEncode`); the result can be packed.
 */
export function authorizeTransmission(
  params: TransmissionParams,
  transmission: Pick<UnauthorizedTransmission, "rest">,
  authorization?: Pick<Authorization, "bytes" | "serviceSignature">,
): Uint8Array {
  const { rest } = transmission;
  const writer = new Writer(rest.length + 256);
  if (authorization === undefined) {
    writer.byte(0);
  } else {
    writer.short(authorization.bytes);
    if (params.serviceAuth) {
      writer.maybe(
        authorization.serviceSignature,
        (w, bytes) => w.short(bytes),
      );
    }
  }
  return writer.bytes(rest).finish();
}

/** Encodes a response or event, complete; the result can be packed. */
export function encodeMessageTransmission(
  params: TransmissionParams,
  transmission: MessageTransmission,
): Uint8Array {
  const writer = new Writer(messageCapacity(transmission.message));
  writeMessageTransmission(writer, params, transmission);
  return writer.finish();
}

/** Writes a response or event, complete. */
export function writeMessageTransmission(
  writer: Writer,
  params: TransmissionParams,
  transmission: MessageTransmission,
): void {
  writer.byte(0);
  writeTransmissionIds(writer, params, transmission);
  writeMessage(writer, params.version, transmission.message);
}

function decodeCommandIn(
  params: TransmissionParams,
  bytes: Uint8Array,
): CommandTransmission | RefusedTransmission {
  const raw = decodeRawTransmission(params, bytes);
  if ("error" in raw) return raw;
  const { correlationId, entityId } = raw;
  const authorization = readAuthorization(raw);
  if (authorization === null) return refusal("BLOCK", correlationId);
  const command = decodeCommand(params.version, raw.body);
  if ("error" in command) {
    return { correlationId, entityId, error: command.error };
  }
  const hasAuth = authorization !== undefined;
  const error = checkCredentials(hasAuth, entityId, command);
  if (error !== undefined) return { correlationId, entityId, error };
  return {
    correlationId,
    entityId,
    authorization,
    signedPrefix: params.implySessionId ? params.sessionPrefix : EMPTY,
    signedRest: raw.signedRest,
    command,
  };
}

function decodeMessageIn(
  params: TransmissionParams,
  bytes: Uint8Array,
): MessageTransmission | RefusedTransmission {
  const raw = decodeRawTransmission(params, bytes);
  if ("error" in raw) return raw;
  const { correlationId, entityId } = raw;
  const message = decodeMessage(params.version, raw.body);
  if (!("tag" in message)) {
    return { correlationId, entityId, error: message.error };
  }
  const error = checkMessageEntity(entityId, message);
  if (error !== undefined) return { correlationId, entityId, error };
  return { correlationId, entityId, message };
}

/** A transmission whose authorization and command or message are unread. */
export interface RawTransmission extends TransmissionIds {
  readonly authorization: Uint8Array;
  readonly serviceSignature?: Uint8Array;
  /** Only when it is sent, before version 7. */
  readonly sessionId?: Uint8Array;
  readonly signedRest: Uint8Array;
  /** Command or message. */
  readonly body: Uint8Array;
}

/** A raw transmission that was refused. */
export interface RefusedRawTransmission extends TransmissionIds {
  readonly error: { readonly type: "BLOCK" | "SESSION" };
}

/**
 * Takes a transmission apart and checks its session ID (`transmissionP` and
 * the beginning of `tDecodeServer`); the same in XFTP.
 */
export function decodeRawTransmission(
  params: TransmissionParams,
  bytes: Uint8Array,
): RawTransmission | RefusedRawTransmission {
  const raw = decode(bytes, (reader): RawTransmission => {
    const authorization = reader.short();
    const serviceSignature = params.serviceAuth && authorization.length > 0
      ? reader.maybe(readServiceSignature)
      : undefined;
    return {
      authorization,
      serviceSignature,
      signedRest: bytes.subarray(reader.offset),
      sessionId: params.implySessionId ? undefined : reader.short(),
      correlationId: reader.short(),
      entityId: reader.short(),
      body: reader.tail(),
    };
  });
  if (raw === undefined) return refusal("BLOCK", EMPTY);
  const { sessionId, correlationId } = raw;
  if (sessionId !== undefined && !equalBytes(sessionId, params.sessionId)) {
    return refusal("SESSION", correlationId);
  }
  return raw;
}

const ED25519_SIGNATURE_SIZE = 64;
const ED448_SIGNATURE_SIZE = 114;
const AUTHENTICATOR_SIZE = 80;

function readServiceSignature(reader: Reader): Uint8Array {
  const signature = reader.short();
  if (signature.length !== ED25519_SIGNATURE_SIZE) {
    throw new WireError("Invalid size of the service signature");
  }
  return signature;
}

/** By its size (`decodeTAuthBytes`); `null` when it has none of the sizes. */
export function readAuthorization(
  raw: Pick<RawTransmission, "authorization" | "serviceSignature">,
): Authorization | undefined | null {
  const { authorization: bytes, serviceSignature } = raw;
  switch (bytes.length) {
    case 0:
      return undefined;
    case AUTHENTICATOR_SIZE:
      return { kind: "authenticator", bytes, serviceSignature };
    case ED25519_SIGNATURE_SIZE:
      return {
        kind: "signature",
        algorithm: "ed25519",
        bytes,
        serviceSignature,
      };
    case ED448_SIGNATURE_SIZE:
      return { kind: "signature", algorithm: "ed448", bytes, serviceSignature };
    default:
      return null;
  }
}

function refusal(
  type: "BLOCK" | "SESSION",
  correlationId: Uint8Array,
): RefusedRawTransmission {
  return { correlationId, entityId: EMPTY, error: { type } };
}

/** Writes session ID, where it is sent, correlation ID and entity ID. */
export function writeTransmissionIds(
  writer: Writer,
  params: TransmissionParams,
  ids: TransmissionIds,
): void {
  if (!params.implySessionId) writer.bytes(params.sessionPrefix);
  writer.short(ids.correlationId).short(ids.entityId);
}

/** Size of the buffer with which the longest messages need not grow it. */
function messageCapacity(message: Message): number {
  switch (message.tag) {
    case "MSG":
      return 256 + message.body.length;
    case "RRES":
    case "PRES":
      return 256 + message.response.length;
    case "LNK":
      return 256 + message.data.fixed.length + message.data.user.length;
    default:
      return 256;
  }
}
