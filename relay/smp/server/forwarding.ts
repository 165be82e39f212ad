/**
 * `RFWD`: commands that a proxy forwards for clients whose address the relay
 * is not to see (simplexmq 6.5.5, `processForwardedCommand` in
 * `Simplex.Messaging.Server`).
 *
 * ```text
 * RFWD      = box(forwarded), secret of the proxy's session, nonce: corr. ID
 * forwarded = correlation ID (1 + n) | version (2) | X25519 key (1 + 44)
 *             | box(content of a block with one transmission, padded)
 * RRES      = box(correlation ID (1 + n) | box(answer, padded to 16226))
 * ```
 * The inner box is under the client's key and the relay's session key; the
 * answers use the nonces backwards.
 *
 * @module
 */

import {
  boxKey,
  cbDecrypt,
  cbDecryptNoPad,
  cbEncrypt,
  cbEncryptNoPad,
  cbNonce,
  dh,
  reverseNonce,
} from "../../crypto/mod.ts";
import { decode, Writer } from "../../wire/mod.ts";
import { packTransmissions } from "../batch.ts";
import type { SmpError } from "../errors.ts";
import { readDhKey } from "../key_codec.ts";
import type { Message } from "../messages.ts";
import {
  type CommandTransmission,
  decodeTransmissions,
  encodeMessageTransmission,
  transmissionParams,
} from "../transmission.ts";
import type { Answer } from "./context.ts";
import type { SmpSession } from "./handshake.ts";

/** Padded size of an answer to a forwarded command (`paddedProxiedTLength`). */
const PADDED_ANSWER = 16226;

/** Commands that may be forwarded. */
const ALLOWED: ReadonlySet<string> = new Set(["SEND", "SKEY", "LKEY", "LGET"]);

/** What the forwarded command needs. */
export interface ForwardingOptions {
  readonly session: SmpSession;
  /** Verifies and executes the command that was inside. */
  readonly run: (
    transmission: CommandTransmission,
    options: { readonly version: number },
  ) => Answer;
}

/** Executes a forwarded command; the answer is for the proxy. */
export function executeForwarded(
  { transmission, correlationId }: {
    readonly transmission: Uint8Array;
    readonly correlationId: Uint8Array;
  },
  { session, run }: ForwardingOptions,
): Answer {
  if (session.secret === undefined) {
    return refusal({
      type: "PROXY",
      error: {
        type: "BROKER",
        error: { type: "TRANSPORT", error: { type: "NO_AUTH" } },
      },
    });
  }
  const proxySecret = boxKey(session.secret);
  const proxyNonce = cbNonce(correlationId).slice();
  const opened = cbDecryptNoPad(transmission, {
    secret: proxySecret,
    nonce: proxyNonce,
  });
  if (opened === undefined) return refusal({ type: "CRYPTO" });
  const forwarded = decode(opened, (reader) => ({
    correlationId: reader.short(),
    version: reader.u16(),
    key: readDhKey(reader),
    box: reader.tail(),
  }));
  if (forwarded === undefined) {
    return refusal({ type: "CMD", reason: "SYNTAX" });
  }
  const shared = dh(forwarded.key, session.privateKey);
  if (shared === undefined) return refusal({ type: "CRYPTO" });
  const clientSecret = boxKey(shared);
  const clientNonce = cbNonce(forwarded.correlationId);
  const content = cbDecrypt(forwarded.box, {
    secret: clientSecret,
    nonce: clientNonce,
  });
  if (content === undefined) return refusal({ type: "CRYPTO" });
  const { version } = forwarded;
  const params = transmissionParams(version, session.params.sessionId);
  const transmissions = decodeTransmissions(params, content);
  if (transmissions.length !== 1) return refusal({ type: "BLOCK" });
  const [inner] = transmissions;
  const answer = "error" in inner
    ? refusal(inner.error)
    : ALLOWED.has(inner.command.tag)
    ? run(inner, { version })
    : refusal({ type: "CMD", reason: "PROHIBITED" });
  const encrypt = (message: Message): Message => {
    const [batch] = packTransmissions([
      encodeMessageTransmission(params, {
        correlationId: inner.correlationId,
        entityId: inner.entityId,
        message,
      }),
    ]);
    const box = batch.error === undefined
      ? cbEncrypt(batch.content, {
        secret: clientSecret,
        nonce: reverseNonce(clientNonce),
        paddedLength: PADDED_ANSWER,
      })
      : undefined;
    if (box === undefined) return { tag: "ERR", error: { type: "BLOCK" } };
    const response = new Writer(box.length + 64)
      .short(forwarded.correlationId).bytes(box).finish();
    return {
      tag: "RRES",
      response: cbEncryptNoPad(response, {
        secret: proxySecret,
        nonce: reverseNonce(proxyNonce),
      }),
    };
  };
  return {
    message: encrypt(answer.message),
    group: answer.group,
    // Only the client may read what became of its command.
    failed: (error) => encrypt({ tag: "ERR", error }),
  };
}

function refusal(error: SmpError): Answer {
  return { message: { tag: "ERR", error } };
}
