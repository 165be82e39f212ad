/**
 * Frames of HTTP/2 and their layout (RFC 9113 section 4.1):
 *
 * ```text
 * | length: 3 | type: 1 | flags: 1 | 0: 1 bit, stream: 31 bits | payload: length |
 * ```
 *
 * @module
 */

import { connectionError, type Http2Error } from "./errors.ts";

/** Size of what stands before each payload, bytes. */
export const FRAME_HEADER = 9;
/** Largest payload unless the receiver announces another one (section 4.2). */
export const DEFAULT_FRAME_SIZE = 16_384;
/** Largest payload that a receiver can announce. */
export const MAX_FRAME_SIZE = 2 ** 24 - 1;
/** Largest stream ID and largest window. */
export const MAX_31_BITS = 2 ** 31 - 1;

/** Types of frames (section 6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Flags of frames; what they mean depends on the type. */
export const Flag = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What a client sends first, before its SETTINGS (section 3.4). */
export const CLIENT_PREFACE: Uint8Array<ArrayBuffer> = new TextEncoder()
  .encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Header of a frame. */
export interface FrameHeader {
  /** Bytes of the payload. */
  readonly length: number;
  /** One of {@link FrameType}, or one that is not known. */
  readonly type: number;
  readonly flags: number;
  /** 0: the connection. */
  readonly streamId: number;
}

/** Reads the header in the first nine bytes. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader {
  return {
    length: bytes[0] << 16 | bytes[1] << 8 | bytes[2],
    type: bytes[3],
    flags: bytes[4],
    streamId: readUint31(bytes, 5),
  };
}

/** Writes a header to `at`, nine bytes. */
export function putFrameHeader(
  target: Uint8Array,
  at: number,
  { length, type, flags, streamId }: FrameHeader,
): void {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  putUint32(target, at + 5, streamId);
}

/** A frame with this payload. */
export function encodeFrame(
  header: Omit<FrameHeader, "length">,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER + payload.length);
  putFrameHeader(frame, 0, { ...header, length: payload.length });
  frame.set(payload, FRAME_HEADER);
  return frame;
}

/**
 * Breaks a header block into HEADERS and as many CONTINUATION as it takes
 * (section 4.3).
 */
export function encodeHeaderFrames(
  block: Uint8Array,
  { streamId, end, maxFrameSize }: {
    readonly streamId: number;
    readonly end: boolean;
    readonly maxFrameSize: number;
  },
): Uint8Array<ArrayBuffer>[] {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at === 0 || at < block.length; at += maxFrameSize) {
    const part = block.subarray(at, at + maxFrameSize);
    const last = at + maxFrameSize >= block.length;
    frames.push(encodeFrame({
      type: at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION,
      flags: (last ? Flag.END_HEADERS : 0) |
        (at === 0 && end ? Flag.END_STREAM : 0),
      streamId,
    }, part));
  }
  return frames;
}

/** RST_STREAM: `| code: 4 |` (section 6.4). */
export function encodeReset(
  streamId: number,
  code: number,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(
    { type: FrameType.RST_STREAM, flags: 0, streamId },
    uint32(code),
  );
}

/** WINDOW_UPDATE: `| 0: 1 bit, increment: 31 bits |` (section 6.9). */
export function encodeWindowUpdate(
  streamId: number,
  increment: number,
): Uint8Array<ArrayBuffer> {
  return encodeFrame(
    { type: FrameType.WINDOW_UPDATE, flags: 0, streamId },
    uint32(increment),
  );
}

/** PING: `| 8 bytes |`, that are sent back (section 6.7). */
export function encodePing(
  payload: Uint8Array,
  { ack }: { readonly ack: boolean },
): Uint8Array<ArrayBuffer> {
  const flags = ack ? Flag.ACK : 0;
  return encodeFrame({ type: FrameType.PING, flags, streamId: 0 }, payload);
}

/** GOAWAY: `| last stream: 4 | code: 4 | text for people |` (section 6.8). */
export function encodeGoAway(
  lastStreamId: number,
  code: number,
): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(8);
  putUint32(payload, 0, lastStreamId);
  putUint32(payload, 4, code);
  return encodeFrame(
    { type: FrameType.GOAWAY, flags: 0, streamId: 0 },
    payload,
  );
}

/**
 * The payload without its padding and without the priority of HEADERS:
 *
 * ```text
 * | padding length: 1, if PADDED | priority: 5, if PRIORITY | content | padding |
 * ```
 *
 * @throws {Http2Error} of the connection
 */
export function stripPadding(
  payload: Uint8Array,
  { type, flags }: FrameHeader,
): Uint8Array {
  const padded = (flags & Flag.PADDED) !== 0;
  const padding = padded ? payload[0] ?? 0 : 0;
  let start = padded ? 1 : 0;
  if (type === FrameType.HEADERS && (flags & Flag.PRIORITY) !== 0) start += 5;
  if (start > payload.length) throw sizeError();
  if (start + padding > payload.length) throw paddingError();
  return payload.subarray(start, payload.length - padding);
}

/**
 * Checks what a frame's header alone tells is wrong with it.
 *
 * @throws {Http2Error} of the connection
 */
export function checkFrameHeader(
  { length, type, flags, streamId }: FrameHeader,
) {
  if (length > DEFAULT_FRAME_SIZE) throw sizeError();
  const onStream = streamId !== 0;
  switch (type) {
    case FrameType.DATA:
    case FrameType.HEADERS:
    case FrameType.PRIORITY:
    case FrameType.CONTINUATION:
      if (!onStream) throw streamIdError();
      break;
    case FrameType.RST_STREAM:
      if (!onStream) throw streamIdError();
      if (length !== 4) throw sizeError();
      break;
    case FrameType.SETTINGS:
      if (onStream) throw streamIdError();
      if (length % 6 !== 0) throw sizeError();
      if ((flags & Flag.ACK) !== 0 && length !== 0) throw sizeError();
      break;
    case FrameType.PING:
      if (onStream) throw streamIdError();
      if (length !== 8) throw sizeError();
      break;
    case FrameType.GOAWAY:
      if (onStream) throw streamIdError();
      if (length < 8) throw sizeError();
      break;
    case FrameType.WINDOW_UPDATE:
      if (length !== 4) throw sizeError();
      break;
    case FrameType.PUSH_PROMISE:
      // Clients never send it, and relays are told not to.
      throw connectionError("PROTOCOL_ERROR", "PUSH_PROMISE was not allowed");
  }
}

/** Reads 31 bits, and passes over the one before them. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return (bytes[at] & 0x7f) << 24 | bytes[at + 1] << 16 |
    bytes[at + 2] << 8 | bytes[at + 3];
}

/** Reads 32 bits. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
    bytes[at + 3]) >>> 0;
}

/** Writes 32 bits. */
export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function uint32(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  putUint32(bytes, 0, value);
  return bytes;
}

function sizeError(): Http2Error {
  return connectionError("FRAME_SIZE_ERROR", "A frame has a wrong length");
}

function streamIdError(): Http2Error {
  return connectionError("PROTOCOL_ERROR", "A frame is on a wrong stream");
}

/** More padding than there is payload (sections 6.1, 6.2). */
export function paddingError(): Http2Error {
  return connectionError("PROTOCOL_ERROR", "A frame has too much padding");
}
