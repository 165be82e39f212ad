/** What a client makes of relays that are broken, or other relays. */
import assert from "node:assert/strict";
import { generateAuthKeyPair, randomBytes } from "../../relay/crypto/mod.ts";
import { serveHttp2 } from "../../relay/http2/mod.ts";
import {
  type Connection,
  dialTls,
  listenTls,
} from "../../relay/transport/mod.ts";
import {
  XftpClient,
  XftpClientError,
  type XftpClientErrorCode,
} from "../../relay/xftp/client/mod.ts";
import { supportedXftpVersions } from "../../relay/xftp/versions.ts";
import { create, Harness, randomChunk } from "./harness.ts";

function isError(code: XftpClientErrorCode) {
  return (error: unknown) =>
    error instanceof XftpClientError && error.code === code;
}

/** A client of whatever listens there. */
async function start(
  port: number,
  options: { alpn?: string; fingerprint?: Uint8Array } = {},
): Promise<XftpClient> {
  const { alpn = "xftp/1", fingerprint = randomBytes(32) } = options;
  const connection = await dialTls("127.0.0.1", port, { alpn: [alpn] });
  return await XftpClient.start(connection, {
    fingerprint,
    versions: supportedXftpVersions,
    timeoutMs: 500,
  });
}

/** Starts a client against a server that does `serve` with each connection. */
async function against(
  serve: (connection: Connection) => Promise<void>,
  code: XftpClientErrorCode,
): Promise<void> {
  await using harness = await Harness.start();
  const { identity } = harness;
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: { certificates: identity.chainPem, key: identity.keyPem },
    alpn: ["xftp/1"],
    onConnection: serve,
  });
  try {
    const { fingerprint } = identity;
    const { port } = listener.addresses[0];
    await assert.rejects(start(port, { fingerprint }), isError(code));
  } finally {
    await listener.stop();
  }
}

/** Answers each request by HTTP/2 with this. */
function answering(status: number, body: Uint8Array<ArrayBuffer>) {
  return async (connection: Connection) => {
    const session = serveHttp2(connection, {
      limits: {
        streamWindow: 65_536,
        connectionWindow: 65_536,
        maxConcurrentStreams: 10,
        maxHeaderListSize: 4096,
        maxIdleFrames: 100,
        writeStallMs: 10_000,
      },
      onStream: async (stream) => {
        stream.sendHeaders([[":status", String(status)]]);
        await stream.write(body, { end: true });
      },
      onError: reportError,
    });
    await session.ended;
  };
}

Deno.test("another relay than that of the address is refused", async () => {
  await using harness = await Harness.start();
  await assert.rejects(start(harness.port), isError("identity"));
});

Deno.test("a server that says nothing is given up", () =>
  against(async (connection) => {
    while (await connection.read() !== undefined);
  }, "timeout"));

Deno.test("a server that hangs up is told at once", async () => {
  const before = performance.now();
  await against((connection) => connection.close(), "closed");
  assert.ok(performance.now() - before < 3000);
});

Deno.test("what is not HTTP/2 is refused", () =>
  against(async (connection) => {
    connection.write(new TextEncoder().encode("220 mail.example.org\r\n"));
    while (await connection.read() !== undefined);
  }, "closed"));

Deno.test("an HTTP error is refused", () =>
  against(answering(404, new Uint8Array(0)), "protocol"));

Deno.test("a hello that is none is refused", () =>
  against(
    answering(200, crypto.getRandomValues(new Uint8Array(16384))),
    "protocol",
  ));

Deno.test("a hello that is too long is refused", () =>
  against(answering(200, new Uint8Array(100_000)), "protocol"));

Deno.test("requests of one client do not hinder each other", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunks = Array.from({ length: 12 }, () => randomChunk());
  await Promise.all(chunks.map(async (chunk) => {
    const access = await create(client, chunk);
    await client.upload(access.sender, chunk.content);
    assert.deepEqual(
      await client.download(access.recipient, chunk),
      chunk.content,
    );
  }));
  await client.ping();
});

Deno.test("an upload that is refused does not end the session", async () => {
  await using harness = await Harness.start();
  await using client = await harness.client();
  const chunk = randomChunk(4 * 1024 ** 2);
  const { privateKey: key } = generateAuthKeyPair("ed25519");
  await assert.rejects(
    client.upload({ id: randomBytes(16), key }, chunk.content),
    isError("refused"),
  );
  await client.ping();
  assert.ok(client.open);
});

Deno.test("a closed client refuses requests, also those under way", async () => {
  await using harness = await Harness.start();
  const client = await harness.client();
  const chunk = randomChunk(4 * 1024 ** 2);
  const access = await create(client, chunk);
  const upload = assert.rejects(
    client.upload(access.sender, chunk.content),
    isError("closed"),
  );
  await client.close();
  await upload;
  await assert.rejects(client.ping(), isError("closed"));
});
