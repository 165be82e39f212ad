/**
 * Compression of header fields (HPACK, RFC 7541).
 *
 * @module
 */

export { HpackDecoder, type HpackDecoderLimits } from "./decoder.ts";
export { HpackEncoder } from "./encoder.ts";
export { HpackError, type HpackErrorKind } from "./error.ts";
