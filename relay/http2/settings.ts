/**
 * SETTINGS (RFC 9113 section 6.5), a list of:
 *
 * ```text
 * | setting: 2 | value: 4 |
 * ```
 *
 * @module
 */

import { connectionError } from "./errors.ts";
import {
  DEFAULT_FRAME_SIZE,
  encodeFrame,
  Flag,
  FrameType,
  MAX_31_BITS,
  MAX_FRAME_SIZE,
  putUint32,
  readUint32,
} from "./frames.ts";

/** Windows of streams and of the connection begin with this, bytes. */
export const DEFAULT_WINDOW = 65_535;

const HEADER_TABLE_SIZE = 1;
const ENABLE_PUSH = 2;
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const MAX_FRAME_SIZE_SETTING = 5;
const MAX_HEADER_LIST_SIZE = 6;

/** What the peer has announced; the defaults until it does. */
export interface PeerSettings {
  headerTableSize: number;
  maxConcurrentStreams: number;
  initialWindow: number;
  maxFrameSize: number;
}

/** What holds before the peer's SETTINGS. */
export function defaultSettings(): PeerSettings {
  return {
    headerTableSize: 4096,
    // As many as anyone may have before it says so (section 6.5.2).
    maxConcurrentStreams: 100,
    initialWindow: DEFAULT_WINDOW,
    maxFrameSize: DEFAULT_FRAME_SIZE,
  };
}

/**
 * Changes `settings` by a payload whose length was checked. Settings that are
 * not known are passed over.
 *
 * @throws {Http2Error} of the connection, for values that cannot be
 */
export function applySettings(
  settings: PeerSettings,
  payload: Uint8Array,
): void {
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    const value = readUint32(payload, at + 2);
    switch (payload[at] << 8 | payload[at + 1]) {
      case HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case ENABLE_PUSH:
        if (value > 1) throw invalid();
        break;
      case MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_31_BITS) {
          throw connectionError("FLOW_CONTROL_ERROR", "A window is too large");
        }
        settings.initialWindow = value;
        break;
      case MAX_FRAME_SIZE_SETTING:
        if (value < DEFAULT_FRAME_SIZE || value > MAX_FRAME_SIZE) {
          throw invalid();
        }
        settings.maxFrameSize = value;
        break;
    }
  }
}

/** Our SETTINGS; no compression table beyond the default, no push. */
export function encodeSettings(
  { maxConcurrentStreams, maxHeaderListSize }: {
    readonly maxConcurrentStreams: number;
    readonly maxHeaderListSize: number;
  },
): Uint8Array<ArrayBuffer> {
  const settings = [
    [ENABLE_PUSH, 0],
    [MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
    [MAX_HEADER_LIST_SIZE, maxHeaderListSize],
  ];
  const payload = new Uint8Array(6 * settings.length);
  settings.forEach(([setting, value], index) => {
    payload[6 * index + 1] = setting;
    putUint32(payload, 6 * index + 2, value);
  });
  return encodeFrame(
    { type: FrameType.SETTINGS, flags: 0, streamId: 0 },
    payload,
  );
}

/** Tells the peer that its SETTINGS hold. */
export function encodeSettingsAck(): Uint8Array<ArrayBuffer> {
  return encodeFrame(
    { type: FrameType.SETTINGS, flags: Flag.ACK, streamId: 0 },
    new Uint8Array(0),
  );
}

function invalid() {
  return connectionError(
    "PROTOCOL_ERROR",
    "A setting has a value it cannot have",
  );
}
