/** Messages, files and browsers on one port at the same time. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { loadConfig } from "../../config/mod.ts";
import { connectHttp2 } from "../../relay/http2/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { dialXftp } from "../../relay/xftp/client/mod.ts";
import { create, randomChunk } from "./harness.ts";
import { webCredentials } from "./web_credentials.ts";

Deno.test("SMP, XFTP and the web share a port", async () => {
  await using relay = await start({ web: true });
  const [port] = relay.ports;
  const rounds = 5;
  await Promise.all(Array.from({ length: rounds }, async () => {
    await Promise.all([smp(port), xftp(relay.addresses()), browser(port)]);
  }));
  assert.equal(relay.counts().files, rounds);
  assert.equal(relay.counts().fileBytes, rounds * 128 * 1024);
  assert.ok(relay.parts().every(({ state }) => state === "ok"));
});

Deno.test("a browser without HTTP/2 is shown what this is", async () => {
  await using relay = await start({ web: true });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    https.get(`https://localhost:${relay.ports[0]}/`, {
      agent: false,
      rejectUnauthorized: false,
    }, resolve).once("error", reject);
  });
  assert.equal(response.statusCode, 200);
  assert.match(await text(response), /SimpleX relay/);
});

for (const alpn of [["http/1.1"], ["h2"], undefined]) {
  const name = alpn?.join() ?? "none";
  Deno.test(`the first bytes decide where ALPN does not: ${name}`, async () => {
    await using relay = await start({ web: false });
    const [port] = relay.ports;
    await Promise.all([
      silentClient(port, alpn),
      http2Client(port, alpn),
      http1Client(port, alpn),
    ]);
  });
}

async function start({ web }: { web: boolean }) {
  const directory = await Deno.makeTempDir();
  await using started = new AsyncDisposableStack();
  started.defer(() => Deno.remove(directory, { recursive: true }));
  const set = [];
  if (web) {
    const { certificates, key } = await webCredentials();
    await Deno.writeTextFile(join(directory, "web.crt"), certificates);
    await Deno.writeTextFile(join(directory, "web.key"), key);
    set.push(`tls.web_certificate=${directory}/web.crt`);
    set.push(`tls.web_key=${directory}/web.key`);
  }
  const config = loadConfig({
    set: [
      ...set,
      `data.directory=${directory}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      "path.map_port=false",
      "onion.enabled=off",
      "address.hosts=127.0.0.1",
      "xftp.enabled=true",
      "xftp.chunk_sizes=128KB",
    ],
    env: {},
  });
  const log = createLog({ level: "error" });
  const relay = started.use(await startRelay({ config, log }));
  const running = started.move();
  return {
    ports: relay.ports,
    addresses: () => relay.addresses(),
    counts: () => relay.counts(),
    parts: () => relay.parts(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** An app that is told to use the web's port, or is very old. */
async function silentClient(port: number, alpn?: string[]): Promise<void> {
  await using connection = await dialTls("127.0.0.1", port, { alpn });
  const hello = new Uint8Array(16384);
  assert.ok(await connection.readFull(hello));
  const newest = hello[4] * 256 + hello[5];
  assert.ok(alpn ? newest > 6 : newest === 6, `offers up to ${newest}`);
}

/** The same for files: it speaks first. */
async function http2Client(port: number, alpn?: string[]): Promise<void> {
  const connection = await dialTls("127.0.0.1", port, { alpn });
  await using session = connectHttp2(connection, {
    limits: {
      streamWindow: 65_535,
      connectionWindow: 65_535,
      maxConcurrentStreams: 1,
      maxHeaderListSize: 4096,
      maxIdleFrames: 100,
      writeStallMs: 5000,
    },
  });
  const stream = session.request([
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/"],
  ], { end: true });
  const fields = await stream.headers();
  assert.deepEqual(fields[0], [":status", "200"]);
  let length = 0;
  for (let bytes; (bytes = await stream.read()) !== undefined;) {
    length += bytes.length;
  }
  assert.equal(length, 16384);
}

async function http1Client(port: number, alpn?: string[]): Promise<void> {
  await using connection = await dialTls("127.0.0.1", port, { alpn });
  const request = "GET / HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n";
  connection.write(new TextEncoder().encode(request));
  let answer = "";
  for (let bytes; (bytes = await connection.read()) !== undefined;) {
    answer += new TextDecoder().decode(bytes);
  }
  assert.match(answer, /^HTTP\/1\.1 200 .*SimpleX relay/s);
}

async function smp(port: number): Promise<void> {
  await using connection = await dialTls("127.0.0.1", port, {
    alpn: ["smp/1"],
  });
  const hello = new Uint8Array(16384);
  assert.ok(await connection.readFull(hello));
  // Without a protocol it is SMP too.
  await using old = await dialTls("127.0.0.1", port);
  assert.ok(await old.readFull(hello));
}

async function xftp(addresses: readonly string[]): Promise<void> {
  const address = addresses.find((each) => each.startsWith("xftp:"));
  assert.ok(address);
  const { hosts, port, fingerprint } = parseServerAddress(address);
  await using client = await dialXftp({ hosts, port, fingerprint });
  const chunk = randomChunk();
  const { sender, recipient } = await create(client, chunk);
  await client.upload(sender, chunk.content);
  assert.deepEqual(await client.download(recipient, chunk), chunk.content);
}

async function browser(port: number): Promise<void> {
  const session = http2.connect(`https://localhost:${port}`, {
    rejectUnauthorized: false,
  });
  const headers = await new Promise<http2.IncomingHttpHeaders>(
    (resolve, reject) => {
      session.once("error", reject);
      const stream = session.request({ ":method": "OPTIONS", ":path": "/" });
      stream.once("response", resolve);
      stream.once("error", reject);
      stream.resume();
    },
  );
  assert.equal(headers[":status"], 200);
  assert.equal(headers["access-control-allow-origin"], "*");
  await new Promise<void>((resolve) => session.close(resolve));
}
