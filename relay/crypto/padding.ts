/**
 * Padding that hides the length of what is encrypted (`pad` and `unPad` in
 * `Simplex.Messaging.Crypto`):
 *
 * ```text
 * | length u16 BE | content: length bytes | '#' up to the padded size |
 * ```
 *
 * @module
 */

/** Longest content: 2^16 - 3 bytes (`maxMsgLen`). */
const MAX_CONTENT = 0xfffd;
const FILLER = 0x23;

/** Bytes that padding needs at the least. */
export const PADDING_OVERHEAD = 2;

/** Whether content of this length can be padded to `size` bytes (`canPad`). */
export function canPad(contentLength: number, size: number): boolean {
  return contentLength <= MAX_CONTENT &&
    contentLength + PADDING_OVERHEAD <= size;
}

/**
 * `content` padded to `size` bytes; `undefined` when it is too long
 * (`CryptoLargeMsgError`).
 */
export function pad(content: Uint8Array, size: number): Uint8Array | undefined {
  if (!canPad(content.length, size)) return undefined;
  const block = new Uint8Array(size);
  block.set(content, PADDING_OVERHEAD);
  padInPlace(block, content.length);
  return block;
}

/**
 * Pads a block that has its content at byte 2 already: writes the length
 * before it and the filler behind it.
 *
 * @throws {RangeError} when the content cannot be so long.
 */
export function padInPlace(block: Uint8Array, contentLength: number): void {
  if (!canPad(contentLength, block.length)) {
    throw new RangeError("Content is longer than the block");
  }
  block[0] = contentLength >>> 8;
  block[1] = contentLength;
  block.fill(FILLER, PADDING_OVERHEAD + contentLength);
}

/**
 * The content of a padded block, as a view; `undefined` when the block is
 * shorter than its length says (`CryptoInvalidMsgError`). The filler is not
 * looked at.
 */
export function unpad(block: Uint8Array): Uint8Array | undefined {
  if (block.length < PADDING_OVERHEAD) return undefined;
  const end = PADDING_OVERHEAD + (block[0] << 8 | block[1]);
  if (end > block.length) return undefined;
  return block.subarray(PADDING_OVERHEAD, end);
}
