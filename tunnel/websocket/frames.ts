/**
 * Frames of WebSocket (RFC 6455 section 5.2).
 *
 * ```text
 *   0               1               2       …
 *  +-+-+-+-+-------+-+-------------+-----------------+----------+--------
 *  |F|R|R|R|opcode |M| length      | extended length | mask     | payload
 *  |I|S|S|S| (4)   |A| (7)         | (0, 2 or 8)     | (0 or 4) |
 *  |N|V|V|V|       |S|             | big-endian      |          |
 *  +-+-+-+-+-------+-+-------------+-----------------+----------+--------
 * ```
 *
 * @module
 */

/** Kinds of frames. */
export const Opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Largest payload of a control frame, bytes. */
export const MAX_CONTROL = 125;
/** Largest payload of a data frame that is taken, bytes. */
export const MAX_DATA = 16 * 1024 * 1024;
/** Bytes of the largest header. */
export const MAX_HEADER = 14;

/** What stands before a payload. */
export interface FrameHead {
  readonly final: boolean;
  readonly opcode: number;
  readonly length: number;
  /** 4 bytes; from a client only. */
  readonly mask: Uint8Array | undefined;
  /** Bytes of the header itself. */
  readonly size: number;
}

/**
 * Reads the header at the beginning of `bytes`. "partial": more bytes are
 * needed; `undefined`: no frame may look like that.
 */
export function readHead(bytes: Uint8Array): FrameHead | "partial" | undefined {
  if (bytes.length < 2) return "partial";
  const [first, second] = bytes;
  const opcode = first & 15;
  const final = (first & 0x80) !== 0;
  const short = second & 0x7f;
  const isControl = opcode >= 8;
  const known = Object.values(Opcode).some((each) => each === opcode);
  // Nobody has negotiated what the reserved bits would mean.
  if ((first & 0x70) !== 0 || !known) return undefined;
  if (isControl && (!final || short > MAX_CONTROL)) return undefined;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const masked = (second & 0x80) !== 0;
  const size = 2 + extended + (masked ? 4 : 0);
  if (bytes.length < size) return "partial";
  let length = extended === 0 ? short : 0;
  for (let at = 2; at < 2 + extended; at++) length = length * 256 + bytes[at];
  // Lengths have one form only: the shortest.
  const least = extended === 2 ? 126 : extended === 8 ? 65_536 : 0;
  if (length < least || length > MAX_DATA) return undefined;
  return {
    final,
    opcode,
    length,
    mask: masked ? bytes.slice(size - 4, size) : undefined,
    size,
  };
}

/** A whole frame; `mask`: 4 random bytes, which clients have to use. */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  { mask }: { mask?: Uint8Array } = {},
): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extended + (mask === undefined ? 0 : 4);
  const frame = new Uint8Array(start + length);
  frame[0] = 0x80 | opcode;
  frame[1] = (mask === undefined ? 0 : 0x80) |
    (extended === 0 ? length : extended === 2 ? 126 : 127);
  for (let at = 1 + extended, left = length; at >= 2; at--) {
    frame[at] = left;
    left = Math.floor(left / 256);
  }
  frame.set(payload, start);
  if (mask !== undefined) {
    frame.set(mask, start - 4);
    applyMask(frame.subarray(start), mask, 0);
  }
  return frame;
}

/** Masks or unmasks in place; `offset`: bytes of the payload before these. */
export function applyMask(
  bytes: Uint8Array,
  mask: Uint8Array,
  offset: number,
): void {
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] ^= mask[(offset + at) & 3];
  }
}
