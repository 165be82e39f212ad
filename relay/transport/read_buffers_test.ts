import assert from "node:assert/strict";
import { LARGE_READ, ReadBuffers } from "./read_buffers.ts";

Deno.test("connections that wait in the middle of a record share what there is", () => {
  const taken = Array.from({ length: 2000 }, () => {
    const buffers = new ReadBuffers();
    buffers.learn(256, { size: 256, midRecord: true });
    return buffers.take();
  });
  const total = taken.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.equal(taken[0].bytes.length, LARGE_READ);
  assert.ok(total < 24 * 1024 * 1024, `${total} bytes`);
  for (const each of taken) each.release();

  const buffers = new ReadBuffers();
  buffers.learn(256, { size: 256, midRecord: true });
  const again = buffers.take();
  assert.equal(again.bytes.length, LARGE_READ);
  again.release();
});
