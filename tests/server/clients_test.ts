import assert from "node:assert/strict";
import type { Connection } from "../../relay/transport/mod.ts";
import { nextMessage, sends, words } from "./commands.ts";
import { createQueue, TestClient, TestRelay } from "./harness.ts";
import { PausedConnection } from "./paused_connection.ts";
import { assertNobodyLeft, assertServes } from "./raw_connection.ts";
import { Writer } from "../../relay/wire/mod.ts";
import { pad } from "../../relay/crypto/mod.ts";

const impatient = [
  "clients.inactive_after=300ms",
  "clients.inactive_check=100ms",
];

/** A client, and a promise of the end of its connection. */
async function connectWatched(relay: TestRelay) {
  let connection: Connection | undefined;
  const wrap = (inner: Connection) => connection = inner;
  const client = await TestClient.connect(relay.relay, { wrap });
  if (connection === undefined) throw new Error("not connected");
  const { closed } = connection;
  const ended = new Promise<void>((resolve) => {
    if (closed.aborted) resolve();
    else closed.addEventListener("abort", () => resolve(), { once: true });
  });
  return { client, ended };
}

Deno.test("a client that is silent is disconnected, a subscribed one is not", async () => {
  await using relay = await TestRelay.start({ set: impatient });
  const silent = await connectWatched(relay);
  const getter = await connectWatched(relay);
  const subscriber = await connectWatched(relay);
  await using _silent = silent.client;
  await using _getter = getter.client;
  await using _subscriber = subscriber.client;
  const queue = await createQueue(subscriber.client);
  const polled = await createQueue(getter.client, { subscribe: false });
  const { entityId, key } = polled;
  const got = await getter.client.send({ tag: "GET" }, { entityId, key });
  assert.equal(words(got), "OK");
  await Promise.all([silent.ended, getter.ended]);
  // Their time was up at the same moment as that of this one.
  await relay.until(({ sessions }) => sessions === 1);
  assert.ok(subscriber.client.smp.open);
  await using sender = await relay.connect();
  assert.equal(await sends(sender, "hello", queue.ids), "OK");
  assert.equal((await nextMessage(subscriber.client, queue)).text, "hello");
});

Deno.test("a client that says something now and then stays", async () => {
  await using relay = await TestRelay.start({ set: impatient });
  const { client, ended } = await connectWatched(relay);
  await using _client = client;
  const silent = await connectWatched(relay);
  await using _silent = silent.client;
  let silentEnded = false;
  silent.ended.then(() => silentEnded = true);
  while (!silentEnded) {
    assert.equal(words(await client.send({ tag: "PING" })), "PONG");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  await client.smp.close();
  await ended;
});

Deno.test("a client that lost its subscription counts as silent", async () => {
  await using relay = await TestRelay.start({ set: impatient });
  const first = await connectWatched(relay);
  await using _first = first.client;
  const second = await connectWatched(relay);
  await using _second = second.client;
  const { entityId, key } = await createQueue(first.client);
  const moved = await second.client.send({ tag: "SUB" }, { entityId, key });
  assert.equal(words(moved), "SOK");
  assert.equal((await first.client.event()).message.tag, "END");
  await first.ended;
  assert.ok(second.client.smp.open);
});

Deno.test("a client that sends and never reads is held back", async () => {
  await using relay = await TestRelay.start({
    set: ["limits.output_per_connection=256KB"],
  });
  let paused: PausedConnection | undefined;
  let connection: Connection | undefined;
  const wrap = (inner: Connection) => {
    connection = inner;
    return paused = new PausedConnection(inner);
  };
  // Version 10 has no block encryption: a block can be made once for all.
  const client = await relay.connect({ versions: { min: 6, max: 10 }, wrap });
  await using _client = client;
  assert.ok(paused && connection);
  const ping = new Writer(64).byte(0).short(new Uint8Array(24)).byte(0)
    .ascii("PING").finish();
  const block = pad(new Writer(64).byte(1).large(ping).finish(), 16384);
  assert.ok(block);

  paused.pause();
  const memory = Deno.memoryUsage().rss;
  // Each block is answered by a block: at last the relay reads no more, and
  // then nothing of what is sent leaves this side for a while.
  const limit = 1024 * 1024 * 1024;
  let sent = 0;
  let held = 0;
  while (held < 5) {
    assert.ok(sent < limit, "the relay takes whatever comes");
    while (connection.buffered < 256 * 1024) {
      connection.write(block);
      sent += block.length;
    }
    const before = connection.buffered;
    await new Promise((resolve) => setTimeout(resolve, 100));
    held = connection.buffered < before ? 0 : held + 1;
  }
  const grown = Deno.memoryUsage().rss - memory;
  assert.ok(grown < 128 * 1024 * 1024, `${grown} bytes more`);
  assert.ok(client.smp.open);
  await assertServes(relay);

  // As soon as it reads, it is served again, and gets all its answers.
  const answered = sent / block.length;
  paused.resume();
  for (let i = 0; i < answered; i++) {
    assert.equal((await client.event()).message.tag, "PONG");
  }
  assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  await client.smp.close();
  await assertNobodyLeft(relay);
});
