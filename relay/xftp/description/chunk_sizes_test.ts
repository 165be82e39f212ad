import assert from "node:assert/strict";
import { readVectors } from "../../../tests/vectors.ts";
import { prepareChunkSizes, singleChunkSize } from "./chunk_sizes.ts";
import { formatFileSize, parseFileSize } from "./file_size.ts";

const VECTORS = "xftp.json.gz";

Deno.test("files are cut into chunks as the reference does", () => {
  for (const vector of readVectors(VECTORS, "chunk-sizes")) {
    const size = vector.number("size");
    assert.deepEqual(prepareChunkSizes(size), vector.get("sizes"), vector.id);
    assert.equal(singleChunkSize(size) ?? null, vector.get("single"));
  }
});

Deno.test("chunks take the file, with little padding", () => {
  for (let size = 1; size < 40_000_000; size = Math.ceil(size * 1.07) + 13) {
    const sum = prepareChunkSizes(size).reduce((a, b) => a + b, 0);
    assert.ok(sum >= size);
    assert.ok(sum - size < Math.max(65536, size / 3), `${size}: ${sum}`);
  }
});

Deno.test("sizes are written and read as the reference does", () => {
  for (const vector of readVectors(VECTORS, "file-size")) {
    const size = vector.number("size");
    assert.equal(formatFileSize(size), vector.text("output"));
    assert.equal(parseFileSize(vector.text("output")), size);
  }
  assert.equal(parseFileSize("1024kb"), 1024 * 1024);
  const wrong = ["", "kb", "1 kb", "1KB", "-1", "1.5mb", "1tb", "9".repeat(17)];
  for (const text of [...wrong, "9999999999999999gb"]) {
    assert.equal(parseFileSize(text), undefined, text);
  }
});
