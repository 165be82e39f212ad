import assert from "node:assert/strict";
import { Progress, size } from "./progress.ts";

function output(isTerminal: boolean) {
  const texts: string[] = [];
  return {
    texts,
    isTerminal,
    columns: 80,
    write: (t: string) => texts.push(t),
  };
}

Deno.test("a log gets a few lines", () => {
  const out = output(false);
  const progress = new Progress("Uploading", 1000, out);
  for (let i = 0; i < 1000; i++) progress.add(1);
  progress.end();
  assert.equal(
    out.texts.join(""),
    "Uploading: 25 %\nUploading: 50 %\nUploading: 75 %\nUploading: 100 %\n",
  );
});

Deno.test("a terminal gets one line that fits and goes away", () => {
  const out = output(true);
  const progress = new Progress("Downloading", 1024 * 1024, out);
  for (let i = 0; i < 1024; i++) progress.add(1024);
  progress.end();
  const shown = out.texts.join("").split("\r\x1b[2K");
  assert.equal(shown.at(-1), "");
  for (const line of shown) {
    assert.ok(line.length < 80, line);
    assert.ok(!line.includes("\n"));
  }
  assert.match(shown[1], /^Downloading {2}░+ {2}0 % of 1 MB/);
});

Deno.test("sizes are for people", () => {
  assert.deepEqual([0, 1023, 1024, 1536, 18 * 2 ** 20, 2 ** 30].map(size), [
    "0 bytes",
    "1023 bytes",
    "1 KB",
    "1.5 KB",
    "18 MB",
    "1 GB",
  ]);
});
