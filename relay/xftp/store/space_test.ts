import assert from "node:assert/strict";
import { Space } from "./space.ts";

Deno.test("what is only announced gives way to an upload", async () => {
  const path = await Deno.makeTempDir();
  try {
    const options = { quota: 100, path, keepFree: 0, reservationMs: 60_000 };
    const space = new Space(0, options);
    for (let i = 0; i < 20; i++) space.announce(`announced ${i}`, 10);
    assert.equal(space.reserved, 100);
    assert.ok(space.take("announced 9", 10));
    assert.ok(space.take("upload", 15));
    assert.equal(space.reserved, 95);
    assert.ok(space.take("another", 75));
    // Uploads hold what they have, and nothing is dropped in vain.
    assert.ok(!space.take("too much", 10));
    assert.equal(space.reserved, 100);
    space.use("upload", 15);
    space.giveBack("another");
    assert.deepEqual([space.used, space.reserved], [15, 10]);
  } finally {
    await Deno.remove(path);
  }
});
