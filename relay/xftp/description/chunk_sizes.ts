/**
 * Into which chunks a file is cut (simplexmq 6.5.5, `prepareChunkSizes`,
 * `singleChunkSize` in `Simplex.FileTransfer.Client`).
 *
 * @module
 */

import { CHUNK_SIZES } from "../versions.ts";

const KB = 1024;
const MB = 1024 * KB;

/**
 * The sizes of the chunks, in their order, for `size` bytes (see
 * `minimalEncryptedSize`): one large and one small size, so that less than a
 * quarter of the last large chunk is padding. Their sum is what the encrypted
 * file is padded to.
 */
export function prepareChunkSizes(size: number): number[] {
  const [small, large] = sizesFor(size);
  const sizes = Array<number>(Math.floor(size / large)).fill(large);
  const rest = size % large;
  if (rest === 0) return sizes;
  if (rest > threeQuarters(large)) return [...sizes, large];
  return [...sizes, ...Array<number>(Math.ceil(rest / small)).fill(small)];
}

/** The smallest chunk that takes `size` bytes; `undefined` above 4 MB. */
export function singleChunkSize(size: number): number | undefined {
  return CHUNK_SIZES.find((chunkSize) => size <= chunkSize);
}

function sizesFor(size: number): [small: number, large: number] {
  if (size > threeQuarters(4 * MB)) return [MB, 4 * MB];
  if (size > threeQuarters(MB)) return [256 * KB, MB];
  return [64 * KB, 256 * KB];
}

function threeQuarters(size: number): number {
  return Math.floor(size * 3 / 4);
}
