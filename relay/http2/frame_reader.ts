/**
 * Finds the frames in the bytes of a connection. DATA is passed on as it comes;
 * the payload of other frames is waited for, which is at most 16 KB.
 *
 * @module
 */

import {
  checkFrameHeader,
  decodeFrameHeader,
  Flag,
  FRAME_HEADER,
  type FrameHeader,
  FrameType,
  paddingError,
} from "./frames.ts";

/** Takes what was found. What it throws ends the connection. */
export interface FrameSink {
  /** A frame other than DATA. The payload is valid during the call. */
  frame(header: FrameHeader, payload: Uint8Array): void;
  /** DATA begins; its length counts for flow control, with padding. */
  dataBegins(header: FrameHeader): void;
  /** Bytes of it, valid during the call. */
  data(bytes: Uint8Array): void;
  /** It is there, and had so many bytes of padding (with their length). */
  dataEnds(padding: number): void;
}

/** Reads frames from bytes that may be cut anywhere. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = new Uint8Array(FRAME_HEADER);
  #headFilled = 0;
  #header: FrameHeader | undefined;
  /** Bytes of the frame that are to come, content and padding. */
  #content = 0;
  #padding = 0;
  #padded = 0;
  /** The first byte of DATA is the length of its padding. */
  #wantsPadLength = false;
  #payload: Uint8Array | undefined;
  #filled = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /**
   * Reads on.
   *
   * @throws {Http2Error} of the connection, and what the sink throws
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#header === undefined) at = this.#readHeader(bytes, at);
      else if (this.#header.type === FrameType.DATA) {
        at = this.#readData(bytes, at);
      } else at = this.#readPayload(bytes, at);
    }
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    let header: FrameHeader;
    let next: number;
    if (this.#headFilled === 0 && bytes.length - at >= FRAME_HEADER) {
      next = at + FRAME_HEADER;
      header = decodeFrameHeader(bytes.subarray(at, next));
    } else {
      next = Math.min(bytes.length, at + FRAME_HEADER - this.#headFilled);
      this.#head.set(bytes.subarray(at, next), this.#headFilled);
      this.#headFilled += next - at;
      if (this.#headFilled < FRAME_HEADER) return next;
      this.#headFilled = 0;
      header = decodeFrameHeader(this.#head);
    }
    checkFrameHeader(header);
    if (header.type === FrameType.DATA) this.#beginData(header);
    else if (header.length === 0) {
      this.#sink.frame(header, bytes.subarray(0, 0));
    } else this.#header = header;
    return next;
  }

  #beginData(header: FrameHeader): void {
    const padded = (header.flags & Flag.PADDED) !== 0;
    if (padded && header.length === 0) throw paddingError();
    this.#sink.dataBegins(header);
    this.#content = header.length;
    this.#padding = 0;
    this.#padded = 0;
    this.#wantsPadLength = padded;
    if (header.length === 0) this.#sink.dataEnds(0);
    else this.#header = header;
  }

  #readData(bytes: Uint8Array, at: number): number {
    if (this.#wantsPadLength) {
      this.#wantsPadLength = false;
      this.#padding = bytes[at++];
      this.#padded = this.#padding + 1;
      this.#content -= this.#padded;
      if (this.#content < 0) throw paddingError();
    }
    const content = Math.min(this.#content, bytes.length - at);
    if (content > 0) {
      this.#sink.data(bytes.subarray(at, at + content));
      this.#content -= content;
      at += content;
    }
    const padding = Math.min(this.#padding, bytes.length - at);
    if (this.#content === 0) {
      this.#padding -= padding;
      at += padding;
      if (this.#padding === 0) {
        this.#header = undefined;
        this.#sink.dataEnds(this.#padded);
      }
    }
    return at;
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const header = this.#header;
    if (header === undefined) return at;
    const end = at + header.length - this.#filled;
    if (this.#payload === undefined && end <= bytes.length) {
      this.#header = undefined;
      this.#sink.frame(header, bytes.subarray(at, end));
      return end;
    }
    const payload = this.#payload ??= new Uint8Array(header.length);
    const part = bytes.subarray(at, end);
    payload.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === header.length) {
      this.#header = undefined;
      this.#payload = undefined;
      this.#filled = 0;
      this.#sink.frame(header, payload);
    }
    return at + part.length;
  }
}
