import assert from "node:assert/strict";
import { type Connection, dialTls, listenTls } from "./mod.ts";
import { makeCredentials } from "./testing.ts";

const ed25519 = await makeCredentials("ED25519");
const ed448 = await makeCredentials("ED448");

async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const bytes = await connection.read();
    if (bytes === undefined) return;
    connection.write(bytes);
    await connection.drained(256 * 1024);
  }
}

for (const [name, credentials] of Object.entries({ ed25519, ed448 })) {
  Deno.test(`own client and server, ${name}: equal session ids, echo`, async () => {
    let serverSession: Uint8Array | undefined;
    const listener = listenTls({
      addresses: [{ port: 0 }],
      credentials,
      alpn: ["smp/1"],
      onConnection: (connection) => {
        serverSession = connection.sessionId;
        return echo(connection);
      },
    });
    const { port } = listener.addresses[0];
    const connection = await dialTls("127.0.0.1", port, {
      alpn: ["smp/1"],
    });
    assert.equal(connection.alpn, "smp/1");
    assert.equal(connection.sessionId.length, 32);
    assert.equal(connection.peerCertificates.length, 2);
    const block = crypto.getRandomValues(new Uint8Array(16384));
    const answer = new Uint8Array(16384);
    for (let round = 0; round < 5; round++) {
      connection.write(block);
      assert.ok(await connection.readFull(answer));
      assert.deepEqual(answer, block);
    }
    assert.deepEqual(connection.sessionId, serverSession);
    assert.equal(listener.stats().open, 1);
    await connection.close();
    await listener.stop();
    assert.equal(listener.stats().open, 0);
  });
}
