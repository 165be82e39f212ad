/**
 * Blocks at the head of XFTP's requests and responses (simplexmq 6.5.5,
 * `xftpEncodeAuthTransmission`, `xftpEncodeTransmission`, `xftpDecodeTServer`
 * and `xftpDecodeTClient` in `Simplex.FileTransfer.Protocol`): a batch of one
 * transmission, padded, not encrypted.
 *
 * ```text
 * block (16384) = length (2) | content | '#' up to the end
 * content       = count: 1 (1) | length (2) | transmission
 * transmission  = authorization (1 + 0, 64, 80 or 114) | signed
 * signed        = session ID (1 + n) | correlation ID (1 + n)
 *                 | entity ID (1 + n) | command or response
 * ```
 *
 * Unlike in SMP the session ID is sent in all versions.
 *
 * @module
 */

import {
  cbAuthenticate,
  cbNonce,
  PADDING_OVERHEAD,
  padInPlace,
  type PrivateAuthKey,
  sign,
  unpad,
} from "../crypto/mod.ts";
import {
  type Authorization,
  decodeRawTransmission,
  readAuthorization,
  splitBatch,
  type TransmissionIds,
  type TransmissionParams,
  transmissionParams,
  writeTransmissionIds,
} from "../smp/mod.ts";
import { EMPTY, Writer } from "../wire/mod.ts";
import {
  checkXftpCredentials,
  decodeXftpCommand,
  writeXftpCommand,
} from "./command_codec.ts";
import type { XftpCommand, XftpError, XftpResponse } from "./messages.ts";
import {
  checkResponseEntity,
  decodeXftpResponse,
  writeXftpResponse,
} from "./response_codec.ts";
import { XFTP_BLOCK_SIZE } from "./versions.ts";

/** What the blocks of a session depend on; `version` is XFTP's. */
export type XftpParams = TransmissionParams;

/** Parameters of a session of this version. */
export function xftpParams(version: number, sessionId: Uint8Array): XftpParams {
  return {
    ...transmissionParams(version, sessionId),
    implySessionId: false,
    serviceAuth: false,
  };
}

/** A command with everything needed to verify it. Byte fields are views. */
export interface XftpCommandTransmission extends TransmissionIds {
  readonly authorization?: Authorization;
  /**
   * What the authorization covers. The nonce of an authenticator is
   * `cbNonce(correlationId)`.
   */
  readonly signed: Uint8Array;
  readonly command: XftpCommand;
}

/** A response and what it answers. Byte fields are views. */
export interface XftpResponseTransmission extends TransmissionIds {
  readonly response: XftpResponse;
}

/** A transmission that was refused; a relay answers it with this error. */
export interface RefusedXftpTransmission extends TransmissionIds {
  readonly error: XftpError;
}

/** The command in the block that a client sent. */
export function decodeXftpCommandBlock(
  params: XftpParams,
  block: Uint8Array,
): XftpCommandTransmission | RefusedXftpTransmission {
  const raw = decodeRawBlock(params, block);
  if ("error" in raw) return raw;
  const { correlationId, entityId, signedRest: signed } = raw;
  const authorization = readAuthorization(raw);
  if (authorization === null) return badBlock(correlationId);
  const command = decodeXftpCommand(raw.body);
  if ("error" in command) {
    return { correlationId, entityId, error: command.error };
  }
  const hasAuth = authorization !== undefined;
  const error = checkXftpCredentials(hasAuth, entityId, command);
  if (error !== undefined) return { correlationId, entityId, error };
  return { correlationId, entityId, authorization, signed, command };
}

/** The response in the block that a relay sent. */
export function decodeXftpResponseBlock(
  params: XftpParams,
  block: Uint8Array,
): XftpResponseTransmission | RefusedXftpTransmission {
  const raw = decodeRawBlock(params, block);
  if ("error" in raw) return raw;
  const { correlationId, entityId } = raw;
  const response = decodeXftpResponse(raw.body);
  if (!("tag" in response)) {
    return { correlationId, entityId, error: response.error };
  }
  const error = checkResponseEntity(entityId, response);
  if (error !== undefined) return { correlationId, entityId, error };
  return { correlationId, entityId, response };
}

/** A block with a response: 16384 bytes. */
export function encodeXftpResponseBlock(
  params: XftpParams,
  transmission: XftpResponseTransmission,
): Uint8Array {
  return packBlock((writer) => {
    writer.byte(0);
    writeTransmissionIds(writer, params, transmission);
    writeXftpResponse(writer, params.version, transmission.response);
  });
}

/** With what a client authorizes a command. */
export interface XftpCommandKeys {
  /** The sender's or recipient's key; none for `PING`. */
  readonly privateKey?: PrivateAuthKey;
  /** The relay's X25519 key of the session, raw; for X25519 private keys. */
  readonly relayKey?: Uint8Array;
}

/**
 * A block with a command: 16384 bytes (`authTransmission` in
 * `Simplex.Messaging.Client`). The reference's client leaves the correlation
 * ID empty.
 *
 * @throws {RangeError} when the command has more keys than a block takes
 * (about 230 of Ed448, 255 of the others), or when an X25519 key has no
 * relay's key beside it, or a useless one
 */
export function encodeXftpCommandBlock(
  params: XftpParams,
  transmission: TransmissionIds & { readonly command: XftpCommand },
  keys: XftpCommandKeys = {},
): Uint8Array {
  const writer = new Writer(512);
  writeTransmissionIds(writer, params, transmission);
  writeXftpCommand(writer, transmission.command);
  const signed = writer.finish();
  const authorization = authorize(signed, {
    nonce: cbNonce(transmission.correlationId),
    ...keys,
  });
  return packBlock((w) => w.short(authorization).bytes(signed));
}

function authorize(
  signed: Uint8Array,
  keys: XftpCommandKeys & { readonly nonce: Uint8Array },
): Uint8Array {
  const { privateKey, relayKey, nonce } = keys;
  if (privateKey === undefined) return EMPTY;
  if (privateKey.algorithm !== "x25519") return sign(signed, privateKey);
  const authenticator = relayKey && cbAuthenticate(
    { publicKey: relayKey, privateKey: privateKey.raw },
    { nonce, message: signed },
  );
  if (authenticator === undefined) {
    throw new RangeError("An X25519 key needs the relay's key of the session");
  }
  return authenticator;
}

function packBlock(write: (writer: Writer) => unknown): Uint8Array {
  const block = new Uint8Array(XFTP_BLOCK_SIZE);
  const writer = Writer.into(block.subarray(PADDING_OVERHEAD));
  writer.byte(1).largeOf(write);
  padInPlace(block, writer.length);
  return block;
}

function decodeRawBlock(params: XftpParams, block: Uint8Array) {
  const content = block.length === XFTP_BLOCK_SIZE ? unpad(block) : undefined;
  const batch = content && splitBatch(content);
  return batch?.length === 1
    ? decodeRawTransmission(params, batch[0])
    : badBlock(EMPTY);
}

function badBlock(correlationId: Uint8Array): RefusedXftpTransmission {
  return { correlationId, entityId: EMPTY, error: { type: "BLOCK" } };
}
