/** Messages, files and browsers on one port at the same time. */
import assert from "node:assert/strict";
import http2 from "node:http2";
import { join } from "node:path";
import { loadConfig } from "../../config/mod.ts";
import { createLog } from "../../relay/log.ts";
import { startRelay } from "../../relay/relay.ts";
import { parseServerAddress } from "../../relay/smp/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { dialXftp } from "../../relay/xftp/client/mod.ts";
import { create, randomChunk } from "./harness.ts";
import { webCredentials } from "./web_credentials.ts";

Deno.test("SMP, XFTP and the web share a port", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const web = await webCredentials();
    await Deno.writeTextFile(join(directory, "web.crt"), web.certificates);
    await Deno.writeTextFile(join(directory, "web.key"), web.key);
    const config = loadConfig({
      set: [
        `data.directory=${directory}`,
        "listen.addresses=127.0.0.1",
        "listen.ports=0",
        "path.map_port=false",
        "onion.enabled=off",
        "address.hosts=127.0.0.1",
        `tls.web_certificate=${directory}/web.crt`,
        `tls.web_key=${directory}/web.key`,
        "xftp.enabled=true",
        "xftp.chunk_sizes=128KB",
      ],
      env: {},
    });
    const log = createLog({ level: "error" });
    await using relay = await startRelay({ config, log });
    const [port] = relay.ports;
    const rounds = 5;
    await Promise.all(Array.from({ length: rounds }, async () => {
      await Promise.all([smp(port), xftp(relay.addresses()), browser(port)]);
    }));
    assert.equal(relay.counts().files, rounds);
    assert.equal(relay.counts().fileBytes, rounds * 128 * 1024);
    assert.ok(relay.parts().every(({ state }) => state === "ok"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

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
