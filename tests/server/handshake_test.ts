import assert from "node:assert/strict";
import { randomBytes } from "../../relay/crypto/mod.ts";
import {
  SmpClient,
  SmpClientError,
  supportedVersions,
} from "../../relay/smp/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";
import { TestRelay } from "./harness.ts";
import {
  assertNobodyLeft,
  assertServes,
  connectRaw,
  dial,
  readHello,
  untilClosed,
} from "./raw_connection.ts";

Deno.test("a client of another relay is disconnected", async () => {
  await using relay = await TestRelay.start();
  const { fingerprint } = relay.relay.identity;
  const almost = fingerprint.slice();
  almost[31] ^= 1;
  const others = [
    almost,
    randomBytes(32),
    fingerprint.slice(1),
    new Uint8Array(),
  ];
  for (const fingerprint of others) {
    const connection = await connectRaw(relay, { fingerprint });
    assert.equal(await untilClosed(connection), 0);
  }
  await assertNobodyLeft(relay);
  await assertServes(relay);
});

Deno.test("a client that chooses a version not offered is disconnected", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.min_version=8", "smp.max_version=16"],
  });
  for (const version of [0, 5, 6, 7, 17, 18, 0xffff]) {
    const connection = await connectRaw(relay, { version });
    assert.equal(await untilClosed(connection), 0);
  }
  await assertNobodyLeft(relay);
  await assertServes(relay);
});

Deno.test("a client finds out that the relay is another one", async () => {
  await using relay = await TestRelay.start();
  await assert.rejects(
    SmpClient.start(await dial(relay), {
      fingerprint: randomBytes(32),
      versions: supportedVersions,
    }),
    (error) => error instanceof SmpClientError && error.code === "identity",
  );
  await assertNobodyLeft(relay);
});

Deno.test("a client that is silent after TLS is disconnected in time", async () => {
  await using relay = await TestRelay.start({
    set: ["smp.handshake_timeout=200ms"],
  });
  const connection = await dial(relay);
  await readHello(connection);
  assert.equal(await untilClosed(connection), 0);
  const half = await dial(relay);
  await readHello(half);
  half.write(new Uint8Array(100));
  assert.equal(await untilClosed(half), 0);
  await assertNobodyLeft(relay);
});

Deno.test("a client that is silent before TLS is disconnected in time", async () => {
  await using relay = await TestRelay.start({
    set: ["limits.tls_handshake_timeout=200ms"],
  });
  const tcp = await Deno.connect({
    hostname: "127.0.0.1",
    port: relay.relay.ports[0],
  });
  assert.equal(await tcp.read(new Uint8Array(1)), null);
  tcp.close();
  await assertServes(relay);
});

Deno.test("an ALPN that the relay does not speak", async () => {
  await using relay = await TestRelay.start();
  for (const alpn of [["h3"], ["smp/2"], ["smp"]]) {
    const dialed = dialTls("127.0.0.1", relay.relay.ports[0], { alpn });
    const connection = await dialed.catch(() => undefined);
    // The reference goes on without; then version 6 is what there is.
    if (connection === undefined) continue;
    assert.equal(connection.alpn, undefined);
    await connection.close();
  }
  await assertNobodyLeft(relay);
  await assertServes(relay);
});
