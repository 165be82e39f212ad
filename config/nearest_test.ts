import assert from "node:assert/strict";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("editDistance counts insertions, deletions, replacements and swaps", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("status", "status"), 0);
  assert.equal(editDistance("statsu", "status"), 1);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("nearest finds what was meant and says nothing rather than nonsense", () => {
  const commands = ["init", "start", "address", "status", "version", "help"];
  assert.equal(nearest("strat", commands), "start");
  assert.equal(nearest("Adress", commands), "address");
  assert.equal(nearest("frobnicate", commands), undefined);
  assert.equal(nearest("x".repeat(100_000), commands), undefined);
});
