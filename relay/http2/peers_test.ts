/** Both sides against each other and against other implementations. */
import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import http2 from "node:http2";
import { dialTls } from "../transport/mod.ts";
import { connectHttp2, Http2Error } from "./mod.ts";
import type { Http2ClientSession, Http2Stream } from "./stream.ts";
import { echo, LIMITS, REQUEST, startServer } from "./testing.ts";

async function connect(port: number): Promise<Http2ClientSession> {
  const connection = await dialTls("127.0.0.1", port, { alpn: ["h2"] });
  return connectHttp2(connection, { limits: LIMITS });
}

async function bodyOf(stream: Http2Stream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = await stream.read();
    if (part === undefined) {
      return new Uint8Array(
        await new Blob(parts.map((p) => p.slice())).arrayBuffer(),
      );
    }
    parts.push(part.slice());
  }
}

async function installed(command: string): Promise<boolean> {
  try {
    await new Deno.Command(command, { args: ["--version"], stdout: "null" })
      .output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("many bodies go through one session at a time", async () => {
  await using server = startServer();
  await using session = await connect(server.port);
  await Promise.all(Array.from({ length: 8 }, async (_, index) => {
    const body = randomFillSync(new Uint8Array(300_000 * index + 1));
    const stream = session.request(REQUEST);
    const answer = bodyOf(stream);
    await stream.write(body, { end: true });
    assert.deepEqual(await stream.headers(), [[":status", "200"]]);
    assert.deepEqual(await answer, body);
    await stream.closed;
    assert.equal(stream.open, false);
  }));
});

Deno.test("a session that is closed lets its streams finish", async () => {
  await using server = startServer();
  const session = await connect(server.port);
  const stream = session.request(REQUEST);
  const closing = session.close();
  assert.throws(() => session.request(REQUEST), Http2Error);
  await stream.write(new Uint8Array(100), { end: true });
  assert.equal((await bodyOf(stream)).length, 100);
  await closing;
  await server.sessions[0].ended;
});

Deno.test("a lost connection ends everything that waits", async () => {
  await using server = startServer((stream) => stream.closed);
  const session = await connect(server.port);
  const stream = session.request(REQUEST);
  const waits = [
    stream.read(),
    stream.headers(),
    stream.write(new Uint8Array(1024 * 1024)),
  ];
  session.abort();
  for (const wait of waits) await assert.rejects(wait, Http2Error);
  await session.ended;
  await stream.closed;
});

Deno.test("a stream that is reset frees what was not read of it", async () => {
  await using server = startServer(async (stream) => {
    stream.sendHeaders([[":status", "200"]]);
    await stream.write(new Uint8Array(65_000), { end: true });
  });
  await using session = await connect(server.port);
  // More than the connection's window, if it were not given back.
  for (let round = 0; round < 40; round++) {
    const stream = session.request(REQUEST, { end: true });
    await stream.headers();
    await stream.closed;
    stream.reset(8);
    await assert.rejects(stream.read(), Http2Error);
  }
});

Deno.test("node:http2 as a client", async () => {
  await using server = startServer();
  const session = http2.connect(`https://localhost:${server.port}`, {
    rejectUnauthorized: false,
  });
  const sent = randomFillSync(new Uint8Array(700_000));
  await Promise.all(Array.from({ length: 4 }, async () => {
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.end(sent);
    const hash = createHash("sha256");
    for await (const part of stream) hash.update(part);
    assert.deepEqual(hash.digest(), createHash("sha256").update(sent).digest());
  }));
  await new Promise<void>((resolve) => session.close(resolve));
  await server.sessions[0].ended;
});

Deno.test({
  name: "curl as a client",
  ignore: !await installed("curl"),
  async fn() {
    await using server = startServer();
    const path = await Deno.makeTempFile();
    try {
      const sent = randomFillSync(new Uint8Array(3_000_000));
      await Deno.writeFile(path, sent);
      const { stdout, success } = await new Deno.Command("curl", {
        args: [
          ...["-sk", "--http2", "--data-binary", `@${path}`],
          `https://localhost:${server.port}/`,
        ],
      }).output();
      assert.ok(success);
      assert.deepEqual(stdout, sent);
    } finally {
      await Deno.remove(path);
    }
  },
});

Deno.test({
  name: "h2load as a client",
  ignore: !await installed("h2load"),
  async fn() {
    await using server = startServer(echo);
    const { stdout } = await new Deno.Command("h2load", {
      args: [
        ...["-n", "500", "-c", "4", "-m", "8"],
        `https://localhost:${server.port}/`,
      ],
    }).output();
    assert.match(new TextDecoder().decode(stdout), /500 succeeded, 0 failed/);
  },
});
