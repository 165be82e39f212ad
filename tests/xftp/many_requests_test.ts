/** Clients that open many requests and send nothing. */
import assert from "node:assert/strict";
import {
  connectHttp2,
  type Http2ClientSession,
  type Http2Limits,
  type Http2Stream,
} from "../../relay/http2/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { Harness } from "./harness.ts";

const limits: Http2Limits = {
  streamWindow: 65_535,
  connectionWindow: 65_535,
  maxConcurrentStreams: 1,
  maxHeaderListSize: 4096,
  maxIdleFrames: 100,
  writeStallMs: 5000,
};
const REQUESTS = 64;

/** A connection with as many requests as it may have, none with a body. */
async function open(
  port: number,
): Promise<{ session: Http2ClientSession; streams: Http2Stream[] }> {
  const connection = await dialTls("127.0.0.1", port, { alpn: ["xftp/1"] });
  const session = connectHttp2(connection, { limits });
  const streams = Array.from({ length: REQUESTS }, () =>
    session.request([
      [":method", "POST"],
      [":scheme", "https"],
      [":authority", "relay"],
      [":path", "/"],
    ]));
  return { session, streams };
}

Deno.test("requests that bring nothing take little, and not from others", async () => {
  await using harness = await Harness.start();
  const before = Deno.memoryUsage().external;
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  for (let turn = 0; turn < 64; turn++) opened.push(await open(harness.port));
  // Blocks for all of them would be 64 MB.
  const first = await harness.client();
  await first.ping();
  const taken = Deno.memoryUsage().external - before;
  assert.ok(taken < 24 * 1024 ** 2, `${taken} bytes`);

  // One more connection gets a few requests, and does its work with them.
  const last = await open(harness.port);
  await Promise.all(last.streams.slice(2).map(({ closed }) => closed));
  assert.ok(last.streams.slice(0, 2).every((stream) => stream.open));
  const client = await harness.client();
  await client.ping();
  await first.close();
  await client.close();
  for (const { session } of [...opened, last]) {
    session.abort();
    await session.ended;
  }
  assert.deepEqual(harness.errors, []);
});
