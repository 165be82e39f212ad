/** Chunks from sender to recipients: the reference's `XFTPServerTests`. */
import assert from "node:assert/strict";
import { generateAuthKeyPair, sha256 } from "../../relay/crypto/mod.ts";
import { create, Harness, randomChunk, refusalOf } from "./harness.ts";

for (const algorithm of ["ed25519", "ed448", "x25519"] as const) {
  Deno.test(`a chunk goes through (${algorithm})`, async () => {
    await using harness = await Harness.start();
    await using sender = await harness.client();
    await using recipient = await harness.client();
    const chunk = randomChunk(undefined, algorithm);
    const access = await create(sender, chunk);
    await sender.upload(access.sender, chunk.content);
    const wrong = { ...chunk, digest: sha256(chunk.digest) };
    const other = await create(sender, wrong);
    assert.equal(
      await refusalOf(sender.upload(other.sender, chunk.content)),
      "DIGEST",
    );
    const received = await recipient.download(access.recipient, chunk);
    assert.deepEqual(received, chunk.content);
    assert.equal(harness.contents().length, 1);
    assert.deepEqual(harness.errors, []);
  });
}
