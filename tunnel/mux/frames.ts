/**
 * Frames of yamux (hashicorp/yamux, `spec.md`), which carry many streams over
 * one connection.
 *
 * ```text
 *  0         1      2       4           8          12
 *  +---------+------+-------+-----------+----------+---------
 *  | version | type | flags | stream ID | length   | payload
 *  +---------+------+-------+-----------+----------+---------
 *     0        u8     u16      u32         u32        only data
 * ```
 * Big-endian. `length`: data: bytes of payload; window update: bytes of room
 * that are added; ping: a value to be sent back; go away: a code.
 *
 * @module
 */

/** Bytes of a frame's header. */
export const HEADER_SIZE = 12;
/** Payload of the largest data frame that is taken, bytes. */
export const MAX_PAYLOAD = 32 * 1024;
/** The same of those that are sent: two TLS records with the header. */
export const SEND_PAYLOAD = MAX_PAYLOAD - HEADER_SIZE;
/** Room that each stream begins with in both directions, bytes. */
export const INITIAL_WINDOW = 256 * 1024;

/** Types of frames. */
export const FrameType = { data: 0, window: 1, ping: 2, goAway: 3 } as const;

/** Flags, to be combined. Of a ping, `syn` is the question, `ack` the answer. */
export const Flag = { syn: 1, ack: 2, fin: 4, rst: 8 } as const;

/** Codes of "go away". */
export const GoAwayCode = { normal: 0, protocol: 1, internal: 2 } as const;

/** A frame's header. */
export interface FrameHeader {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly length: number;
}

/** Writes a header at the beginning of `target`. */
export function writeHeader(target: Uint8Array, header: FrameHeader): void {
  const { type, flags, streamId, length } = header;
  target[0] = 0;
  target[1] = type;
  target[2] = flags >> 8;
  target[3] = flags;
  writeUint32(target, 4, streamId);
  writeUint32(target, 8, length);
}

/**
 * Reads the header at `offset`, of which all 12 bytes are there; `undefined`
 * when no frame looks like that.
 */
export function readHeader(
  bytes: Uint8Array,
  offset = 0,
): FrameHeader | undefined {
  const header = {
    type: bytes[offset + 1],
    flags: bytes[offset + 2] << 8 | bytes[offset + 3],
    streamId: readUint32(bytes, offset + 4),
    length: readUint32(bytes, offset + 8),
  };
  return bytes[offset] === 0 && isPossible(header) ? header : undefined;
}

function isPossible({ type, flags, streamId, length }: FrameHeader): boolean {
  if (flags > 15) return false;
  switch (type) {
    case FrameType.data:
      return streamId !== 0 && length <= MAX_PAYLOAD;
    case FrameType.window:
      return streamId !== 0;
    case FrameType.ping:
    case FrameType.goAway:
      return streamId === 0;
    default:
      return false;
  }
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
    bytes[at + 3]) >>> 0;
}
