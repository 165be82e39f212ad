/**
 * The encryption of whole files, streaming (simplexmq 6.5.5, `encryptFile` and
 * `decryptChunks` in `Simplex.FileTransfer.Crypto`, `FileHeader` in
 * `.Types`). The result is what is cut into chunks.
 *
 * ```text
 * encrypted = box of: length (8) | header | content | '#' up to the end
 *             then its tag (16)
 * header    = name (1 + n) | maybe extra (1 + n)     UTF-8
 * length    = bytes of header and content
 * ```
 *
 * @module
 */

import { type BoxInput, TAG_SIZE } from "../crypto/mod.ts";
import { concatBytes, decode, type Reader, Writer } from "../wire/mod.ts";
import {
  ContentError,
  decryptContent,
  encryptContent,
  type Pieces,
} from "./encryption.ts";

/** What travels with the content of a file. */
export interface FileHeader {
  /**
   * Name of the file, at most 255 bytes of UTF-8. When received: chosen by a
   * stranger, not to be used as a path.
   */
  readonly fileName: string;
  /** For later versions; at most 255 bytes of UTF-8. */
  readonly extra?: string;
}

const LENGTH_SIZE = 8;
const FILLER = 0x23;
const PADDING_PIECE_SIZE = 65536;
/** Length, and the longest header: two texts and the byte of the maybe. */
const MAX_HEAD_SIZE = LENGTH_SIZE + 256 + 1 + 256;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes of a file of `contentSize` bytes when it is encrypted without padding;
 * give them to `prepareChunkSizes` and add up what it says.
 *
 * @throws {RangeError} when the name is too long
 */
export function minimalEncryptedSize(
  header: FileHeader,
  contentSize: number,
): number {
  return LENGTH_SIZE + encodeFileHeader(header).length + contentSize + TAG_SIZE;
}

/** What {@link encryptFile} needs beside the content. */
export interface FileEncryption extends BoxInput {
  readonly header: FileHeader;
  /** Bytes of the content. */
  readonly contentSize: number;
  /** Bytes of the result with padding and tag: the sum of the chunks. */
  readonly encryptedSize: number;
}

/**
 * The file encrypted: `encryptedSize` bytes in pieces of no particular size.
 * Pieces of the content are encrypted where they stand; a yielded piece is the
 * taker's until the next one.
 *
 * @throws {ContentError} `SIZE` when the content has another size
 * @throws {RangeError} when it does not fit the encrypted size, or the name is
 * too long
 */
export function encryptFile(
  content: Pieces,
  file: FileEncryption,
): AsyncGenerator<Uint8Array, void, undefined> {
  return encryptContent(paddedFile(content, file), file);
}

/** A file that is being decrypted. */
export interface DecryptedFile extends AsyncDisposable {
  readonly header: FileHeader;
  /** Bytes of the content. */
  readonly contentSize: number;
  /**
   * The content, once. Not to be trusted before the end: changed content ends
   * in a {@link ContentError}, and a file written from it has to be removed.
   */
  readonly content: AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Decrypts a file from its chunks in their order. Resolves once the header was
 * read; dispose of the result when its content is not wanted.
 *
 * @throws {ContentError} when the pieces are not a file with this key; also
 * while the content is read
 */
export async function decryptFile(
  pieces: Pieces,
  file: BoxInput & { readonly encryptedSize: number },
): Promise<DecryptedFile> {
  const size = file.encryptedSize - TAG_SIZE;
  if (size < LENGTH_SIZE) throw invalidHeader();
  const plain = decryptContent(pieces, { ...file, size });
  try {
    const head = await readHead(plain, Math.min(size, MAX_HEAD_SIZE));
    const { length, header, headerSize } = decodeHead(head);
    const contentSize = length - headerSize;
    if (contentSize < 0 || length > size - LENGTH_SIZE) throw invalidHeader();
    const first = head.subarray(LENGTH_SIZE + headerSize);
    return {
      header,
      contentSize,
      content: unpadded(first, { plain, contentSize }),
      async [Symbol.asyncDispose]() {
        await plain.return();
      },
    };
  } catch (error) {
    await plain.return();
    throw error;
  }
}

async function* paddedFile(
  content: Pieces,
  file: FileEncryption,
): AsyncGenerator<Uint8Array, void, undefined> {
  const header = encodeFileHeader(file.header);
  const length = header.length + file.contentSize;
  let padding = file.encryptedSize - TAG_SIZE - LENGTH_SIZE - length;
  if (padding < 0) throw new RangeError("The encrypted size is too small");
  yield new Writer(LENGTH_SIZE + header.length).int64(length).bytes(header)
    .finish();
  let left = file.contentSize;
  for await (const piece of content) {
    left -= piece.length;
    if (left < 0) break;
    if (piece.length > 0) yield piece;
  }
  if (left !== 0) {
    throw new ContentError("SIZE", "The file changed while it was read");
  }
  const filler = new Uint8Array(Math.min(padding, PADDING_PIECE_SIZE));
  while (padding > 0) {
    const piece = filler.subarray(0, Math.min(padding, filler.length));
    yield piece.fill(FILLER);
    padding -= piece.length;
  }
}

/** At least `size` bytes from the beginning of the plaintext. */
async function readHead(
  plain: AsyncGenerator<Uint8Array, void, undefined>,
  size: number,
): Promise<Uint8Array> {
  const next = await plain.next();
  if (next.done) throw invalidHeader();
  let head = next.value;
  while (head.length < size) {
    // Copied, as the memory of the piece may be used again for the next one.
    const before = head.slice();
    const more = await plain.next();
    if (more.done) throw invalidHeader();
    head = concatBytes(before, more.value);
  }
  return head;
}

function decodeHead(
  head: Uint8Array,
): { length: number; header: FileHeader; headerSize: number } {
  const decoded = decode(head, (reader) => {
    const length = reader.int64();
    const header = readFileHeader(reader);
    return { length, header, headerSize: reader.offset - LENGTH_SIZE };
  }, { partial: true });
  if (decoded === undefined) throw invalidHeader();
  return decoded;
}

/** The content without padding; reads to the end, where the tag is. */
async function* unpadded(
  first: Uint8Array,
  rest: {
    readonly plain: AsyncGenerator<Uint8Array, void, undefined>;
    readonly contentSize: number;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = rest.contentSize;
  const take = (piece: Uint8Array) => {
    const content = piece.subarray(0, Math.min(left, piece.length));
    left -= content.length;
    return content;
  };
  try {
    const content = take(first);
    if (content.length > 0) yield content;
    for await (const piece of rest.plain) {
      const content = take(piece);
      if (content.length > 0) yield content;
    }
  } finally {
    await rest.plain.return();
  }
}

function encodeFileHeader(header: FileHeader): Uint8Array {
  return new Writer(64).text(header.fileName)
    .maybe(header.extra, (writer, extra) => writer.text(extra)).finish();
}

/** UTF-8 that is wrong is replaced, as the reference does. */
function readFileHeader(reader: Reader): FileHeader {
  return {
    fileName: utf8.decode(reader.short()),
    extra: reader.maybe((r) => utf8.decode(r.short())),
  };
}

function invalidHeader(): ContentError {
  return new ContentError("HEADER", "The content is not an encrypted file");
}
