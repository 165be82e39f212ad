/**
 * How a file is divided into chunks.
 *
 * @module
 */

import { CHUNK_SIZES } from "../versions.ts";

/**
 * Sizes of the chunks for `size` bytes, in their order; together at least
 * `size`, what is above is padding. Few sizes, so that chunks say little about
 * the file (simplexmq 6.5.5, `prepareChunkSizes` in
 * `Simplex.FileTransfer.Client`).
 *
 * Two neighbouring sizes are used. The larger one fills up; what is left takes
 * one more of it when that is mostly full, else as many of the smaller one as
 * it needs.
 */
export function chunkSizes(size: number): number[] {
  const [small, large] = sizesFor(size);
  const sizes = new Array<number>(Math.floor(size / large)).fill(large);
  const rest = size % large;
  if (rest > mostOf(large)) return [...sizes, large];
  return [...sizes, ...new Array<number>(Math.ceil(rest / small)).fill(small)];
}

function sizesFor(size: number): [small: number, large: number] {
  const [smallest, smaller, larger, largest] = CHUNK_SIZES;
  if (size > mostOf(largest)) return [larger, largest];
  if (size > mostOf(larger)) return [smaller, larger];
  return [smallest, smaller];
}

function mostOf(size: number): number {
  return Math.floor(size * 3 / 4);
}
