import assert from "node:assert/strict";
import { createIdentity } from "../../identity/mod.ts";
import { type Http2Stream, serveHttp2 } from "../../http2/mod.ts";
import { dialTls, listenTls } from "../../transport/mod.ts";
import { XftpClientError } from "./error.ts";
import { HttpClient } from "./http.ts";

const BLOCK = 16384;

/** A client of a server that does this with requests. */
async function withServer(
  options: {
    readonly streams?: number;
    readonly onStream: (stream: Http2Stream) => Promise<void>;
  },
  use: (client: HttpClient) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const identity = await createIdentity(directory);
  await Deno.remove(directory, { recursive: true });
  const limits = {
    streamWindow: 65_536,
    connectionWindow: 65_536,
    maxConcurrentStreams: options.streams ?? 100,
    maxHeaderListSize: 4096,
    maxIdleFrames: 1000,
    writeStallMs: 10_000,
  };
  const { onStream } = options;
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: ["xftp/1"],
    onConnection: (connection) =>
      serveHttp2(connection, { limits, onStream, onError: reportError }).ended,
  });
  try {
    const { port } = listener.addresses[0];
    const alpn = ["xftp/1"];
    const client = new HttpClient(await dialTls("127.0.0.1", port, { alpn }));
    try {
      await use(client);
    } finally {
      await client.close();
    }
  } finally {
    await listener.stop();
  }
}

/** Reads the body and answers with its size, four bytes. */
async function answerSize(stream: Http2Stream): Promise<void> {
  let size = 0;
  for (;;) {
    const bytes = await stream.read();
    if (bytes === undefined) break;
    size += bytes.length;
  }
  stream.sendHeaders([[":status", "200"]]);
  const answer = new Uint8Array(4);
  new DataView(answer.buffer).setUint32(0, size);
  await stream.write(answer, { end: true });
}

/** Sends a block and `size` bytes; gives what the server answers. */
async function askSize(client: HttpClient, size?: number): Promise<number> {
  const response = new Uint8Array(4);
  await client.request({
    head: new Uint8Array(BLOCK),
    content: size === undefined ? undefined : new Uint8Array(size),
    response,
    timeoutMs: 10_000,
  });
  return new DataView(response.buffer).getUint32(0);
}

Deno.test("a relay that takes one request at a time gets one at a time", () =>
  withServer({ streams: 1, onStream: answerSize }, async (client) => {
    // The relay's settings are known once it has answered.
    assert.equal(await askSize(client), BLOCK);
    const sizes = [undefined, 100_000, undefined, 1, 300_000, undefined];
    assert.deepEqual(
      await Promise.all(sizes.map((size) => askSize(client, size))),
      sizes.map((size) => BLOCK + (size ?? 0)),
    );
  }));

Deno.test("few uploads are under way at a time, other requests at once", async () => {
  let underWay = 0;
  let most = 0;
  const onStream = async (stream: Http2Stream) => {
    most = Math.max(most, ++underWay);
    await answerSize(stream);
    underWay--;
  };
  await withServer({ onStream }, async (client) => {
    await Promise.all(Array.from({ length: 6 }, () => askSize(client, 50_000)));
    assert.equal(most, 2);
    await Promise.all(Array.from({ length: 6 }, () => askSize(client)));
    assert.ok(most > 2, `${most}`);
  });
});

Deno.test("a relay that answers before it took all does not get the rest", async () => {
  let taken = 0;
  const onStream = async (stream: Http2Stream) => {
    taken = (await stream.read())?.length ?? 0;
    stream.sendHeaders([[":status", "200"]]);
    await stream.write(new Uint8Array(4), { end: true });
    await stream.closed;
  };
  await withServer({ onStream }, async (client) => {
    assert.equal(await askSize(client, 10_000_000), 0);
    assert.ok(client.open);
    assert.ok(taken > 0 && taken < 10_000_000);
  });
});

Deno.test("a relay that falls silent is given up, and the next request made", async () => {
  let silent = true;
  const onStream = async (stream: Http2Stream) => {
    if (silent) await stream.closed;
    else await answerSize(stream);
  };
  await withServer({ onStream }, async (client) => {
    await assert.rejects(
      client.request({
        head: new Uint8Array(BLOCK),
        response: new Uint8Array(4),
        timeoutMs: 100,
      }),
      (error) => error instanceof XftpClientError && error.code === "timeout",
    );
    silent = false;
    assert.equal(await askSize(client, 5), BLOCK + 5);
  });
});
