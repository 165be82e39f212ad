import assert from "node:assert/strict";
import {
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
} from "./units.ts";

Deno.test("durations and sizes are read and written", () => {
  assert.equal(parseDuration("1.5s"), 1500);
  assert.equal(parseDuration("21d"), 21 * 86_400_000);
  assert.equal(parseDuration("0s"), 0);
  for (
    const wrong of ["", "5", "s", "-1s", "1 week", "1e3s", "1ss", "Infinitys"]
  ) {
    assert.equal(parseDuration(wrong), undefined, wrong);
  }
  assert.equal(parseSize("1MB"), 1 << 20);
  assert.equal(parseSize("0.5kb"), 512);
  assert.equal(parseSize("0.3B"), undefined);
  for (const text of ["0ms", "1500ms", "90m", "6h", "21d"]) {
    assert.equal(formatDuration(parseDuration(text) ?? NaN), text);
  }
  assert.equal(formatSize(1 << 20), "1MB");
});
