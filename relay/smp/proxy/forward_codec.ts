/**
 * What goes between a proxy and the destination (simplexmq 6.5.5,
 * `forwardSMPTransmission` in `Simplex.Messaging.Client`, `FwdTransmission` and
 * `FwdResponse` in `.Protocol`).
 *
 * ```text
 * RFWD      = box(forwarded), secret of the two relays, nonce: correlation ID
 * forwarded = client's correlation ID (1 + n) | version (2)
 *             | client's X25519 key (1 + 44) | client's box to the end
 * RRES      = box(correlation ID (1 + n) | box to the end), the nonce backwards
 * ```
 *
 * @module
 */

import {
  type BoxKey,
  openInPlace,
  reverseNonce,
  sealInPlace,
  TAG_SIZE,
} from "../../crypto/mod.ts";
import { decode, EMPTY, Writer } from "../../wire/mod.ts";
import { writeDhKey } from "../key_codec.ts";
import { BLOCK_SIZE } from "../versions.ts";

/** What a client wants forwarded. Byte fields may be views. */
export interface Forwarded {
  readonly correlationId: Uint8Array;
  readonly version: number;
  /** Raw X25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  readonly box: Uint8Array;
}

/** Bytes of what is forwarded besides correlation ID and box. */
const OVERHEAD = 1 + 2 + 1 + 44;

/** Largest content of a block: the length takes 2 bytes. */
const MAX_CONTENT = BLOCK_SIZE - 2;

/**
 * Content of a block with `RFWD`, encoded and encrypted in one piece;
 * `undefined` when it does not fit.
 */
export function encodeForward(
  forwarded: Forwarded,
  { secret, nonce }: { readonly secret: BoxKey; readonly nonce: Uint8Array },
): Uint8Array | undefined {
  const { correlationId, version, key, box } = forwarded;
  const length = TAG_SIZE + OVERHEAD + correlationId.length + box.length;
  const size = 1 + 2 + 1 + 1 + nonce.length + 1 + 5 + length;
  if (size > MAX_CONTENT) return undefined;
  const writer = new Writer(size).byte(1);
  writer.largeOf((w) => {
    // Neither authorised nor about an entity.
    w.byte(0).short(nonce).short(EMPTY).ascii("RFWD ");
    const sealed = w.reserve(length);
    const inner = Writer.into(sealed.subarray(TAG_SIZE));
    inner.short(correlationId).u16(version);
    writeDhKey(inner, key);
    inner.bytes(box);
    sealInPlace(sealed, { secret, nonce });
  });
  return writer.finish();
}

/**
 * The box for the client in the parameter of `RRES`, which is decrypted where
 * it stands; `"CRYPTO"` or `"BLOCK"` when it cannot be opened or read.
 */
export function decodeForwardResponse(
  response: Uint8Array,
  { secret, nonce }: { readonly secret: BoxKey; readonly nonce: Uint8Array },
): Uint8Array | "CRYPTO" | "BLOCK" {
  const opened = openInPlace(response, { secret, nonce: reverseNonce(nonce) });
  if (opened === undefined) return "CRYPTO";
  return decode(opened, (reader) => {
    reader.short();
    return reader.tail();
  }) ?? "BLOCK";
}
