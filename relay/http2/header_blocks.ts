/**
 * Blocks of header fields: HEADERS with the CONTINUATION frames behind it
 * (RFC 9113 section 4.3), put together and decoded.
 *
 * @module
 */

import { concatBytes } from "../wire/mod.ts";
import { connectionError } from "./errors.ts";
import { Flag, type FrameHeader, stripPadding } from "./frames.ts";
import { HpackDecoder, HpackError } from "./hpack/mod.ts";
import type { HeaderField } from "./stream.ts";

/** Frames that a block may consist of. */
const MAX_FRAMES = 16;
/** Compression table of the default size, which ours never exceeds. */
const TABLE_SIZE = 4096;

/** A block that is complete. */
export interface HeaderBlock {
  readonly streamId: number;
  /** Whether the stream ends with it. */
  readonly end: boolean;
  /** `undefined` when there are more than are taken. */
  readonly fields: readonly HeaderField[] | undefined;
}

/** Puts blocks together, one at a time. */
export class HeaderBlocks {
  readonly #decoder: HpackDecoder;
  readonly #maxSize: number;
  #begun: { streamId: number; end: boolean } | undefined;
  #parts: Uint8Array[] = [];
  #size = 0;

  /** `maxSize`: of a list, and of a block, bytes. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#decoder = new HpackDecoder({
      maxTableSize: TABLE_SIZE,
      maxListSize: maxSize,
    });
  }

  /** The stream whose block is not complete: no other frame may come. */
  get pending(): number | undefined {
    return this.#begun?.streamId;
  }

  /**
   * Takes HEADERS; the block when it is complete.
   *
   * @throws {Http2Error} of the connection
   */
  begin(header: FrameHeader, payload: Uint8Array): HeaderBlock | undefined {
    const begun = {
      streamId: header.streamId,
      end: (header.flags & Flag.END_STREAM) !== 0,
    };
    const part = stripPadding(payload, header);
    if ((header.flags & Flag.END_HEADERS) !== 0) {
      this.#checkSize(part.length);
      return this.#decode(begun, part);
    }
    this.#begun = begun;
    this.#add(part);
    return undefined;
  }

  /**
   * Takes CONTINUATION; the block when it is complete.
   *
   * @throws {Http2Error} of the connection
   */
  continue(header: FrameHeader, payload: Uint8Array): HeaderBlock | undefined {
    const begun = this.#begun;
    if (begun === undefined || begun.streamId !== header.streamId) {
      throw connectionError("PROTOCOL_ERROR", "CONTINUATION of nothing");
    }
    this.#add(payload);
    if ((header.flags & Flag.END_HEADERS) === 0) return undefined;
    const block = concatBytes(...this.#parts);
    this.#begun = undefined;
    this.#parts = [];
    this.#size = 0;
    return this.#decode(begun, block);
  }

  #add(part: Uint8Array): void {
    this.#size += part.length;
    this.#checkSize(this.#size);
    if (this.#parts.length === MAX_FRAMES) throw tooMuch();
    this.#parts.push(part.slice());
  }

  #checkSize(size: number): void {
    if (size > this.#maxSize) throw tooMuch();
  }

  #decode(
    begun: { streamId: number; end: boolean },
    block: Uint8Array,
  ): HeaderBlock {
    try {
      return { ...begun, fields: this.#decoder.decode(block) };
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      if (error.kind === "too large") return { ...begun, fields: undefined };
      throw connectionError(
        "COMPRESSION_ERROR",
        "Header fields cannot be decoded",
      );
    }
  }
}

function tooMuch() {
  return connectionError("ENHANCE_YOUR_CALM", "Too many header fields");
}
