import assert from "node:assert/strict";
import { chunkSizes } from "./chunk_sizes.ts";

const KB = 1024;
const MB = 1024 * KB;

Deno.test("files are divided as the reference divides them", () => {
  // Cases of `testPrepareChunkSizes` in the reference's XFTPCLI tests.
  const cases: [number, number[]][] = [
    [9 * MB + 256 * KB, [4 * MB, 4 * MB, MB, MB]],
    [9 * MB, [4 * MB, 4 * MB, MB]],
    [7 * MB + 1, [4 * MB, 4 * MB]],
    [7 * MB, [4 * MB, MB, MB, MB]],
    [3 * MB + 1, [4 * MB]],
    [3 * MB, [MB, MB, MB]],
    [2 * MB + 3 * 256 * KB + 1, [MB, MB, MB]],
    [2 * MB + 3 * 256 * KB, [MB, MB, 256 * KB, 256 * KB, 256 * KB]],
    [2 * MB + 1, [MB, MB, 256 * KB]],
    [3 * 256 * KB + 1, [MB]],
    [3 * 256 * KB, [256 * KB, 256 * KB, 256 * KB]],
    [1, [64 * KB]],
  ];
  for (const [size, sizes] of cases) assert.deepEqual(chunkSizes(size), sizes);
});

Deno.test("the chunks of a file hold all of it", () => {
  for (let size = 1; size < 20 * MB; size += 65_521) {
    const sum = chunkSizes(size).reduce((a, b) => a + b, 0);
    assert.ok(sum >= size && sum - size < MB, `${size}: ${sum}`);
  }
});
