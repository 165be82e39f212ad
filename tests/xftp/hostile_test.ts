/** What clients can do wrong, and what becomes of the others. */
import assert from "node:assert/strict";
import { connectHttp2, type Http2Limits } from "../../relay/http2/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { create, Harness, randomChunk, refusalOf } from "./harness.ts";

const limits: Http2Limits = {
  streamWindow: 65_535,
  connectionWindow: 65_535,
  maxConcurrentStreams: 1,
  maxHeaderListSize: 4096,
  maxIdleFrames: 100,
  writeStallMs: 5000,
};

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 250; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`not within 5 s: ${what}`);
}

Deno.test("an upload that is broken off leaves nothing behind", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk(4 * 1024 ** 2);
  const { sender } = await create(client, chunk);
  const uploader = await harness.client();
  const upload = uploader.upload(sender, chunk.content).catch(() => {});
  await until(() => harness.contents().length > 0, "upload begun");
  await uploader.close();
  await upload;
  await until(
    () => harness.server.status.uploads === 0 && harness.contents().length < 2,
    "upload ended",
  );
  const { bytesUsed, bytesReserved } = harness.files.counts();
  assert.ok(bytesUsed === 0 || bytesUsed === chunk.size);
  assert.equal(bytesReserved, 0);
  assert.equal(harness.contents().length, bytesUsed === 0 ? 0 : 1);
  await client.upload(sender, chunk.content);
});

Deno.test("an upload that takes too long ends in TIMEOUT", async () => {
  await using harness = await Harness.start({ xftp: { uploadTimeoutMs: 1 } });
  await using client = await harness.client();
  const chunk = randomChunk(4 * 1024 ** 2);
  const { sender } = await create(client, chunk);
  const upload = client.upload(sender, chunk.content);
  assert.equal(await refusalOf(upload), "TIMEOUT");
  await until(() => harness.contents().length === 0, "nothing is kept");
  assert.equal(harness.files.counts().bytesReserved, 0);
});

Deno.test("noise on the connection harms nobody else", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  for (let round = 0; round < 10; round++) {
    const connection = await dialTls("127.0.0.1", harness.port, {
      alpn: ["xftp/1"],
    });
    connection.write(crypto.getRandomValues(new Uint8Array(5000)));
    while (await connection.read() !== undefined);
    await connection.close();
  }
  await client.ping();
  await until(() => harness.server.status.connections === 1, "all closed");
});

Deno.test("without a handshake there are no commands", async () => {
  await using harness = await Harness.start({
    xftp: { handshakeTimeoutMs: 300 },
  });
  const connection = await dialTls("127.0.0.1", harness.port, {
    alpn: ["xftp/1"],
  });
  const session = connectHttp2(connection, { limits });
  const stream = session.request([
    [":method", "POST"],
    [":scheme", "https"],
    [":path", "/"],
  ]);
  await stream.write(new Uint8Array(16384), { end: true });
  const answer = await stream.read();
  assert.equal(new TextDecoder().decode(answer).slice(2, 11), "HANDSHAKE");
  stream.reset(0);
  await session.ended; // the relay disconnects
});

Deno.test("a disk that is full is an error and no end", async () => {
  const quota = 1024 ** 3;
  await using harness = await Harness.start({
    files: { quota, keepFree: 2 ** 52 },
  });
  await using client = await harness.client();
  const chunk = randomChunk();
  const { sender } = await create(client, chunk);
  const upload = client.upload(sender, chunk.content);
  assert.equal(await refusalOf(upload), "QUOTA");
  await client.ping();
  await Deno.remove(harness.filesDirectory, { recursive: true });
  const gone = client.upload(sender, chunk.content);
  assert.equal(await refusalOf(gone), "FILE_IO");
  assert.ok(harness.errors.length > 0);
  await client.ping();
  await Deno.mkdir(harness.filesDirectory);
  assert.equal(harness.files.counts().bytesReserved, 0);
});
