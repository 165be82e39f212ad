/**
 * File descriptions, their links, and the sizes of chunks.
 *
 * @module
 */

export { prepareChunkSizes, singleChunkSize } from "./chunk_sizes.ts";
export {
  DescriptionError,
  type FileChunk,
  type FileDescription,
  type FileReplica,
  type RedirectedFile,
  validateDescription,
} from "./description.ts";
export {
  formatFileDescription,
  MAX_DESCRIPTION_LENGTH,
  parseFileDescription,
} from "./description_codec.ts";
export { formatFileSize, parseFileSize } from "./file_size.ts";
export { compareServers } from "./server_order.ts";
export {
  type DescriptionUri,
  formatDescriptionUri,
  formatWebLink,
  parseDescriptionUri,
  parseWebLink,
} from "./uri.ts";
