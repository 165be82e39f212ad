/**
 * Batches: how transmissions share blocks (simplexmq 6.5.5, `tParse` and
 * `batchTransmissions_` in `Simplex.Messaging.Protocol`).
 *
 * ```text
 * content of a block = count (1) | for each: length (2), transmission
 * ```
 *
 * @module
 */

import { decode, Writer } from "../wire/mod.ts";
import { BLOCK_SIZE } from "./versions.ts";

/**
 * Largest content of a block behind the count byte, in bytes: 2 for the
 * content's length, 1 for the count, 16 for the tag of the block encryption
 * (left free in versions without it as well).
 */
const MAX_BATCH_SIZE = BLOCK_SIZE - 19;

/** Most transmissions in a block. */
const MAX_BATCH_COUNT = 255;

/**
 * The transmissions in the content of a block, as views; `undefined` when the
 * content is not a batch, or an empty one.
 */
export function splitBatch(content: Uint8Array): Uint8Array[] | undefined {
  return decode(content, (reader) => reader.nonEmptyList((r) => r.large()));
}

/** Transmissions of a list that go out together, or one that cannot. */
export type PackedBatch =
  & {
    /** Index in the list of the first transmission in this batch. */
    readonly first: number;
    /** How many of the list, from there on, are in it. */
    readonly count: number;
  }
  & (
    | {
      /** Content of a block, not padded. */
      readonly content: Uint8Array;
      readonly error?: undefined;
    }
    | {
      /** A single transmission larger than a block. */
      readonly error: "LARGE_MSG";
    }
  );

/**
 * Packs complete transmissions into as few blocks as their order allows.
 * Blocks are filled from the end of the list, so the first block has what did
 * not fit the others.
 */
export function packTransmissions(
  transmissions: readonly Uint8Array[],
): PackedBatch[] {
  const batches: PackedBatch[] = [];
  let end = transmissions.length;
  let size = 0;
  const pack = (first: number) => {
    if (first === end) return;
    const count = end - first;
    const writer = new Writer(1 + size).byte(count);
    for (let i = first; i < end; i++) writer.large(transmissions[i]);
    batches.push({ first, count, content: writer.finish() });
    end = first;
    size = 0;
  };
  for (let i = transmissions.length - 1; i >= 0; i--) {
    const added = 2 + transmissions[i].length;
    if (size + added > MAX_BATCH_SIZE || end - i > MAX_BATCH_COUNT) pack(i + 1);
    if (added > MAX_BATCH_SIZE) {
      batches.push({ first: i, count: 1, error: "LARGE_MSG" });
      end = i;
    } else {
      size += added;
    }
  }
  pack(0);
  return batches.reverse();
}
