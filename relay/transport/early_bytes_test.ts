/** What a peer sends right behind its handshake. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { ByteStream } from "./stream.ts";
import { dialTls, listenTls, wrapTls } from "./mod.ts";
import { makeCredentials } from "./testing.ts";

/** A TLS 1.3 record of 32 bytes that no key opens. */
const brokenRecord = Uint8Array.of(
  ...[0x17, 3, 3, 0, 32],
  ...new Uint8Array(32).fill(7),
);

/** Sends a broken record together with its Finished, and then a reset. */
async function resetBehindHandshake(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  const incoming = socket[Symbol.asyncIterator]();
  let flights = 0;
  const stream: ByteStream = {
    async read(buffer) {
      const { done, value } = await incoming.next();
      if (done) return null;
      assert.ok(value.length <= buffer.length);
      buffer.set(value);
      return value.length;
    },
    async write(bytes) {
      const last = ++flights === 2;
      const sent = last ? [...bytes, ...brokenRecord] : bytes;
      await new Promise((resolve) =>
        socket.write(Uint8Array.from(sent), resolve)
      );
      if (last) socket.resetAndDestroy();
      return bytes.length;
    },
    close: () => socket.destroy(),
  };
  const connection = await wrapTls(stream, "client");
  connection.abort();
}

Deno.test("a broken record behind the handshake, and then a reset", async () => {
  let served = 0;
  await using listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: await makeCredentials("ED25519"),
    onConnection: () => void served++,
  });
  const { port } = listener.addresses[0];
  for (let round = 0; round < 20; round++) await resetBehindHandshake(port);
  while (listener.stats().failed.protocol !== 20) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(served, 0);
  assert.equal(listener.stats().open, 0);
  const connection = await dialTls("127.0.0.1", port);
  await connection.close();
  assert.equal(served, 1);
});
