/**
 * The SimpleX binary encoding, shared by SMP and XFTP: readers, writers and
 * helpers over bytes.
 *
 * @module
 */

export {
  decode,
  type DecodeOptions,
  type ListBounds,
  Reader,
  WireError,
} from "./reader.ts";
export { Writer } from "./writer.ts";
export {
  bytesKey,
  concatBytes,
  EMPTY,
  equalBytes,
  fromBase64,
  fromBase64Url,
  fromHex,
  keyBytes,
  toBase64,
  toBase64Url,
  toHex,
} from "./bytes.ts";
