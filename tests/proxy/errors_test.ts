/** What clients are told when a destination cannot be reached. */

import assert from "node:assert/strict";
import { randomBytes } from "../../relay/crypto/mod.ts";
import { TestRelay } from "../server/harness.ts";
import {
  addressOf,
  freePort,
  refusal,
  startProxy,
  through,
} from "./harness.ts";

Deno.test("another relay than the address says", async () => {
  await using proxy = await startProxy();
  await using destination = await TestRelay.start();
  await using client = await proxy.connect();
  const wrong = addressOf(destination, { fingerprint: randomBytes(32) });
  // It is not tried again: time changes nothing about it.
  const began = performance.now();
  assert.equal(await refusal(through(client, wrong)), "PROXY BROKER NETWORK");
  assert.ok(performance.now() - began < 4000);
  // Its own address is another one, so the error is not remembered for it.
  await through(client, addressOf(destination));
});

Deno.test("nobody at the port: an error in time, which is remembered", async () => {
  await using proxy = await startProxy({ set: ["proxy.retry=500ms"] });
  await using client = await proxy.connect();
  const relay = addressOf(proxy, {
    port: String(freePort()),
    fingerprint: randomBytes(32),
  });
  const began = performance.now();
  assert.equal(await refusal(through(client, relay)), "PROXY BROKER NETWORK");
  const first = performance.now() - began;
  assert.ok(first > 150 && first < 5000, `${first}`);
  for (let i = 0; i < 20; i++) {
    assert.equal(await refusal(through(client, relay)), "PROXY BROKER NETWORK");
  }
  assert.ok(performance.now() - began - first < 400);
});

Deno.test("an error is forgotten after error_memory", async () => {
  await using proxy = await startProxy({
    set: ["proxy.retry=0s", "proxy.error_memory=300ms"],
  });
  await using destination = await TestRelay.start();
  const address = addressOf(destination);
  await destination.relay.stop();
  await using client = await proxy.connect();
  assert.equal(await refusal(through(client, address)), "PROXY BROKER NETWORK");
  await destination.restart([`listen.ports=${address.port}`]);
  assert.equal(await refusal(through(client, address)), "PROXY BROKER NETWORK");
  await new Promise((resolve) => setTimeout(resolve, 350));
  await through(client, address);
});

Deno.test("hosts and ports that are none", async () => {
  await using proxy = await startProxy({ set: ["proxy.retry=0s"] });
  await using client = await proxy.connect();
  const told = (changes: { hosts?: string[]; port?: string }) =>
    refusal(through(client, {
      ...addressOf(proxy),
      fingerprint: randomBytes(32),
      ...changes,
    }));
  assert.equal(await told({ hosts: ["abc.onion"] }), "PROXY BROKER HOST");
  assert.equal(
    await told({ hosts: ["relay.invalid"] }),
    "PROXY BROKER NETWORK",
  );
  assert.equal(await told({ port: "0" }), "PROXY BROKER NETWORK");
  assert.equal(await told({ port: "smtp" }), "PROXY BROKER NETWORK");
});

Deno.test("without allow_local nobody is let into the home network", async () => {
  await using proxy = await TestRelay.start();
  await using destination = await TestRelay.start();
  await using client = await proxy.connect();
  for (const host of ["127.0.0.1", "localhost", "192.168.1.1", "::1"]) {
    const address = addressOf(destination, { hosts: [host] });
    assert.equal(await refusal(through(client, address)), "PROXY BROKER HOST");
  }
  // Its own fingerprint opens no other port either.
  const address = addressOf(proxy, {
    port: String(destination.relay.ports[0]),
  });
  assert.equal(await refusal(through(client, address)), "PROXY BROKER HOST");
  assert.equal(destination.relay.counts().connections, 0);
});

Deno.test("something else than a relay at the port", async () => {
  await using proxy = await startProxy({ set: ["proxy.retry=0s"] });
  await using client = await proxy.connect();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = (async () => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode("220 mail ESMTP\r\n"));
    const buffer = new Uint8Array(4096);
    while (await connection.read(buffer).catch(() => null) !== null);
  })();
  const address = addressOf(proxy, {
    port: String(listener.addr.port),
    fingerprint: randomBytes(32),
  });
  assert.equal(await refusal(through(client, address)), "PROXY BROKER NETWORK");
  await answering;
});

Deno.test("versions: what the destination and the proxy have in common", async () => {
  await using old = await TestRelay.start({ set: ["smp.max_version=7"] });
  await using proxy = await startProxy();
  await using client = await proxy.connect();
  const version = "PROXY BROKER TRANSPORT VERSION";
  assert.equal(await refusal(through(client, addressOf(old))), version);
  await using newer = await TestRelay.start({ set: ["smp.max_version=12"] });
  // A proxy stays below block encryption with relays before version 14.
  assert.equal((await through(client, addressOf(newer))).version, 10);
  await using narrow = await startProxy({
    set: ["proxy.min_version=8", "proxy.max_version=9"],
  });
  await using other = await narrow.connect();
  await using newest = await TestRelay.start();
  assert.equal((await through(other, addressOf(newest))).version, 9);
  await using early = await startProxy({ set: ["proxy.max_version=7"] });
  await using third = await early.connect();
  assert.equal(await refusal(through(third, addressOf(newest))), version);
});
