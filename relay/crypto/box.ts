/**
 * Authenticated encryption as the protocol uses it (`cb*` and `sb*` in
 * `Simplex.Messaging.Crypto`): XSalsa20-Poly1305 with the key HSalsa20(secret,
 * 0), whether the secret is an X25519 DH secret ("crypto_box") or a symmetric
 * key ("secret_box"; unlike NaCl's `crypto_secretbox`).
 *
 * ```text
 * | Poly1305 tag: 16 bytes | ciphertext: as long as the plaintext |
 * ```
 *
 * What is opened is hostile: a wrong tag, a box that is too short or a
 * malformed padding give `undefined`. What is sealed is our own: sizes that
 * cannot be give `RangeError`, or `undefined` where the content decides.
 *
 * @module
 */

import { hsalsa20Zero } from "./hsalsa20.ts";
import { canPad, PADDING_OVERHEAD, padInPlace, unpad } from "./padding.ts";
import { sodium } from "./sodium.ts";

/** Bytes of the tag before the ciphertext. */
export const TAG_SIZE = 16;

/**
 * A secret made ready for boxes. Keep it where one secret is used again: it
 * saves HSalsa20 for each box.
 */
export class BoxKey {
  /** HSalsa20(secret, 0): the key of NaCl's `crypto_secretbox`. */
  readonly subkey: Uint8Array;

  /** Prefer {@link boxKey}. */
  constructor(subkey: Uint8Array) {
    this.subkey = subkey;
  }
}

/** A raw 32-byte secret, or the same made ready by {@link boxKey}. */
export type BoxSecret = Uint8Array | BoxKey;

/** Makes a 32-byte DH secret or symmetric key ready for boxes. */
export function boxKey(secret: Uint8Array): BoxKey {
  return new BoxKey(hsalsa20Zero(secret));
}

/** What every box needs: the secret, and a nonce of 24 bytes. */
export interface BoxInput {
  readonly secret: BoxSecret;
  readonly nonce: Uint8Array;
}

/**
 * Encrypts where it stands: `box` has room for the tag in its first 16 bytes
 * and the plaintext behind it.
 */
export function sealInPlace(box: Uint8Array, input: BoxInput): void {
  sodium.crypto_secretbox_easy(
    box,
    box.subarray(TAG_SIZE),
    input.nonce,
    subkeyOf(input.secret),
  );
}

/**
 * Decrypts where it stands: the plaintext is the returned view, `box` from
 * byte 16 on. A box that cannot be opened is left as it was.
 */
export function openInPlace(
  box: Uint8Array,
  input: BoxInput,
): Uint8Array | undefined {
  if (box.length < TAG_SIZE) return undefined;
  return openTo(box.subarray(TAG_SIZE), { box, ...input });
}

/** {@link sealInPlace} of a copy (`cbEncryptNoPad`, `sbEncryptNoPad`). */
export function cbEncryptNoPad(
  message: Uint8Array,
  input: BoxInput,
): Uint8Array {
  const box = new Uint8Array(TAG_SIZE + message.length);
  sodium.crypto_secretbox_easy(
    box,
    message,
    input.nonce,
    subkeyOf(input.secret),
  );
  return box;
}

/** The plaintext in new memory (`cbDecryptNoPad`, `sbDecryptNoPad`). */
export function cbDecryptNoPad(
  box: Uint8Array,
  input: BoxInput,
): Uint8Array | undefined {
  if (box.length < TAG_SIZE) return undefined;
  return openTo(new Uint8Array(box.length - TAG_SIZE), { box, ...input });
}

/**
 * Pads to `paddedLength` and encrypts: `paddedLength` + 16 bytes; `undefined`
 * when the message is too long for it (`cbEncrypt`, `sbEncrypt`).
 */
export function cbEncrypt(
  message: Uint8Array,
  input: BoxInput & { readonly paddedLength: number },
): Uint8Array | undefined {
  if (!canPad(message.length, input.paddedLength)) return undefined;
  const box = new Uint8Array(TAG_SIZE + input.paddedLength);
  box.set(message, TAG_SIZE + PADDING_OVERHEAD);
  sealPadded(box, { contentLength: message.length, ...input });
  return box;
}

/** Decrypts and removes the padding (`cbDecrypt`, `sbDecrypt`). */
export function cbDecrypt(
  box: Uint8Array,
  input: BoxInput,
): Uint8Array | undefined {
  const padded = cbDecryptNoPad(box, input);
  return padded && unpad(padded);
}

/**
 * Encrypts `parts` one behind the other, padded to what `maxLength` bytes of
 * content need: `maxLength` + 18 bytes (`cbEncryptMaxLenBS`). Several parts
 * save the caller joining them.
 *
 * @throws {RangeError} when the parts are longer than `maxLength`.
 */
export function boxMaxLength(
  parts: readonly Uint8Array[],
  input: BoxInput & {
    readonly maxLength: number;
    /** Memory for the result: `maxLength` + 18 bytes; new unless given. */
    readonly into?: Uint8Array;
  },
): Uint8Array {
  const size = TAG_SIZE + PADDING_OVERHEAD + input.maxLength;
  const box = input.into ?? new Uint8Array(size);
  if (box.length !== size) throw new RangeError("The box has another size");
  let end = TAG_SIZE + PADDING_OVERHEAD;
  for (const part of parts) {
    box.set(part, end);
    end += part.length;
  }
  const contentLength = end - TAG_SIZE - PADDING_OVERHEAD;
  sealPadded(box, { contentLength, ...input });
  return box;
}

/**
 * Pads and encrypts where it stands. `box` has its content at byte 18, behind
 * the room for tag and length:
 *
 * ```text
 * | tag: 16 bytes | length u16 BE | content | '#' up to the end |
 * ```
 *
 * @throws {RangeError} when the content does not fit.
 */
export function sealPadded(
  box: Uint8Array,
  input: BoxInput & { readonly contentLength: number },
): void {
  padInPlace(box.subarray(TAG_SIZE), input.contentLength);
  sealInPlace(box, input);
}

function openTo(
  plain: Uint8Array,
  input: BoxInput & { readonly box: Uint8Array },
): Uint8Array | undefined {
  const opened = sodium.crypto_secretbox_open_easy(
    plain,
    input.box,
    input.nonce,
    subkeyOf(input.secret),
  );
  return opened ? plain : undefined;
}

/** The key of NaCl's `crypto_secretbox` that a secret stands for. */
export function subkeyOf(secret: BoxSecret): Uint8Array {
  return secret instanceof BoxKey ? secret.subkey : hsalsa20Zero(secret);
}
