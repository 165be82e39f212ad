/**
 * Content that streams through a box with its tag at the end, in constant
 * memory: between relay and recipient (simplexmq 6.5.5, `sendEncFile`,
 * `receiveSbFile` in `Simplex.FileTransfer.Transport`), and whole files (see
 * `file_encryption.ts`).
 *
 * ```text
 * | ciphertext: size bytes | tag: 16 bytes |
 * ```
 *
 * @module
 */

import { type BoxInput, BoxStream, TAG_SIZE } from "../crypto/mod.ts";

/** Pieces of content; a piece is the taker's, also to write into. */
export type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Content that cannot be decrypted, or that is not what was announced. */
export class ContentError extends Error {
  override readonly name = "ContentError";
  /**
   * `SIZE`: more or fewer bytes than announced; `CRYPTO`: changed on its way,
   * or encrypted with another key; `HEADER`: not a file.
   */
  readonly code: "SIZE" | "CRYPTO" | "HEADER";

  constructor(code: ContentError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The content encrypted, then the tag. Each piece is encrypted where it stands
 * and passed on.
 */
export async function* encryptContent(
  pieces: Pieces,
  input: BoxInput,
): AsyncGenerator<Uint8Array, void, undefined> {
  const box = new BoxStream(input);
  for await (const piece of pieces) {
    box.encrypt(piece);
    yield piece;
  }
  yield box.finish();
}

/**
 * `size` bytes of content, decrypted where they stand, from pieces that may
 * end anywhere. What was yielded is not to be trusted before the end: changed
 * content ends in an error.
 *
 * @throws {ContentError} `SIZE` or `CRYPTO`
 */
export async function* decryptContent(
  pieces: Pieces,
  input: BoxInput & { readonly size: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const box = new BoxStream(input);
  const tag = new Uint8Array(TAG_SIZE);
  let tagLength = 0;
  let left = input.size;
  for await (const piece of pieces) {
    const content = piece.length > left ? piece.subarray(0, left) : piece;
    const rest = piece.subarray(content.length);
    if (tagLength + rest.length > TAG_SIZE) {
      throw new ContentError("SIZE", "There is more content than announced");
    }
    tag.set(rest, tagLength);
    tagLength += rest.length;
    left -= content.length;
    box.decrypt(content);
    if (content.length > 0) yield content;
  }
  if (left > 0 || tagLength < TAG_SIZE) {
    throw new ContentError("SIZE", "There is less content than announced");
  }
  if (!box.verify(tag)) {
    throw new ContentError("CRYPTO", "The content was changed");
  }
}
