import assert from "node:assert/strict";
import { pad } from "../../relay/crypto/mod.ts";
import { BLOCK_SIZE } from "../../relay/smp/mod.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { Writer } from "../../relay/wire/mod.ts";
import { SeededRandom } from "../seeded_random.ts";
import { words } from "./commands.ts";
import { TestRelay } from "./harness.ts";
import {
  assertNobodyLeft,
  assertServes,
  connectRaw,
  dial,
  helloBlock,
  readHello,
  untilClosed,
} from "./raw_connection.ts";

/** The relay does something with this client, and goes on as if nothing were. */
async function survives(
  attack: (relay: TestRelay) => Promise<void>,
  set: readonly string[] = [],
): Promise<void> {
  await using relay = await TestRelay.start({ set });
  await attack(relay);
  await assertServes(relay);
  await assertNobodyLeft(relay);
  const broken = relay.relay.parts().filter(({ state }) => state !== "ok");
  assert.deepEqual(broken, []);
}

/** TCP without TLS. */
function dialTcp(relay: TestRelay): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: relay.relay.ports[0] });
}

/** Sends bytes without TLS and reads until the relay closes. */
async function sendPlain(relay: TestRelay, bytes: Uint8Array): Promise<void> {
  using tcp = await dialTcp(relay);
  try {
    await tcp.write(bytes);
    const buffer = new Uint8Array(4096);
    while (await tcp.read(buffer) !== null);
  } catch (error) {
    // A reset is as good as an orderly end.
    if (
      !(error instanceof Deno.errors.ConnectionReset) &&
      !(error instanceof Deno.errors.BrokenPipe)
    ) throw error;
  }
}

/** Transmissions in the block with their lengths and count as given. */
function batch(count: number, ...rest: Uint8Array[]): Uint8Array {
  const writer = new Writer(1024).byte(count);
  for (const bytes of rest) writer.bytes(bytes);
  return writer.finish();
}

const ping = new Writer(64).byte(0).short(new Uint8Array(24)).byte(0)
  .ascii("PING").finish();
const pingInBatch = new Writer(64).large(ping).finish();

Deno.test("bytes that are not TLS", () =>
  survives(async (relay) => {
    const random = new SeededRandom(1);
    for (const length of [1, 5, 100, 20_000]) {
      await sendPlain(relay, Uint8Array.of(0x80, ...random.bytes(length)));
    }
    // A TLS record that promises what does not come is closed by the peer.
    const half = await dialTcp(relay);
    await half.write(Uint8Array.of(0x16, 3, 1, 0x40, 0, 1));
    half.close();
    await sendPlain(relay, Uint8Array.of(0x16, 3, 1, 0x40, 0xff, 1, 2, 3));
  }, ["limits.tls_handshake_timeout=1s"]));

Deno.test("plain HTTP", () =>
  survives(async (relay) => {
    const requests = [
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "CONNECT localhost:443 HTTP/1.1\r\n\r\n",
    ];
    for (const request of requests) {
      await sendPlain(relay, new TextEncoder().encode(request));
    }
  }));

Deno.test("other bytes than a hello after TLS", () =>
  survives(async (relay) => {
    const random = new SeededRandom(2);
    for (let i = 0; i < 10; i++) {
      const connection = await dial(relay);
      await readHello(connection);
      connection.write(random.bytes(BLOCK_SIZE));
      assert.equal(await untilClosed(connection), 0);
    }
  }));

Deno.test("hellos with something changed", () =>
  survives(async (relay) => {
    const random = new SeededRandom(3);
    const right = helloBlock(relay).subarray(0, 2 + 2 + 33 + 2);
    for (let i = 0; i < 40; i++) {
      const connection = await dial(relay);
      await readHello(connection);
      const block = new Uint8Array(BLOCK_SIZE).fill(0x23);
      block.set(random.mutate(right));
      connection.write(block);
      await connection.close();
    }
  }));

Deno.test("a block that breaks off", () =>
  survives(async (relay) => {
    for (const length of [1, 2, BLOCK_SIZE - 1]) {
      const connection = await connectRaw(relay);
      connection.write(new Uint8Array(length));
      await connection.close();
      const cut = await connectRaw(relay);
      cut.write(new Uint8Array(length));
      await cut.drained();
      cut.abort();
    }
  }));

/** Sends a block after the handshake; the relay answers with one block. */
async function answered(connection: Connection, block: Uint8Array) {
  connection.write(block);
  assert.ok(await connection.readFull(new Uint8Array(BLOCK_SIZE)));
}

Deno.test("random blocks after the handshake", () =>
  survives(async (relay) => {
    const random = new SeededRandom(4);
    // Without a session key there is no encryption: the parsers see the bytes.
    await using connection = await connectRaw(relay);
    for (let i = 0; i < 100; i++) {
      const block = random.bytes(BLOCK_SIZE);
      if (i % 2 === 0) {
        // A length that is right, so that what is inside is looked at.
        const length = random.below(BLOCK_SIZE - 2);
        block[0] = length >> 8;
        block[1] = length & 0xff;
      }
      await answered(connection, block);
    }
    await using encrypted = await relay.connect();
    for (let i = 0; i < 20; i++) {
      encrypted.smp.sendContent(random.bytes(random.below(16_000)));
      assert.equal(words((await encrypted.event()).message), "ERR BLOCK");
    }
    assert.equal(words(await encrypted.send({ tag: "PING" })), "PONG");
  }));

Deno.test("more bytes than a block at once, and blocks in small pieces", () =>
  survives(async (relay) => {
    await using connection = await connectRaw(relay);
    const block = pad(batch(1, pingInBatch), BLOCK_SIZE);
    assert.ok(block);
    const three = new Uint8Array(3 * BLOCK_SIZE);
    for (let i = 0; i < 3; i++) three.set(block, i * BLOCK_SIZE);
    connection.write(three);
    for (let at = 0; at < BLOCK_SIZE; at += 777) {
      connection.write(block.subarray(at, at + 777));
      await connection.drained();
    }
    for (let i = 0; i < 4; i++) {
      assert.ok(await connection.readFull(new Uint8Array(BLOCK_SIZE)));
    }
  }));

Deno.test("counts and lengths that lie", () =>
  survives(async (relay) => {
    await using client = await relay.connect();
    const lies = [
      new Uint8Array(),
      batch(0),
      batch(0, pingInBatch),
      batch(1),
      batch(2, pingInBatch),
      batch(255, pingInBatch),
      batch(1, pingInBatch, pingInBatch),
      batch(1, Uint8Array.of(0xff, 0xff), ping),
      batch(1, Uint8Array.of(0, ping.length + 1), ping),
      batch(1, Uint8Array.of(0, ping.length - 1), ping),
    ];
    for (const content of lies) {
      client.smp.sendContent(content);
      const { message } = await client.event();
      assert.equal(words(message), "ERR BLOCK", content.toHex());
    }
    // Inside a transmission: only that one is refused.
    const inside = [
      Uint8Array.of(200),
      Uint8Array.of(0, 200, 1, 2, 3),
      Uint8Array.of(0, 0, 200, 1),
      new Uint8Array(),
    ];
    for (const bytes of inside) {
      const transmission = new Writer(256).large(bytes).finish();
      client.smp.sendContent(batch(2, transmission, pingInBatch));
      const said = [await client.event(), await client.event()];
      assert.deepEqual(
        said.map(({ message }) => words(message)).sort(),
        ["ERR BLOCK", "PONG"],
      );
    }
    assert.equal(words(await client.send({ tag: "PING" })), "PONG");
  }));

Deno.test("encrypted blocks that were changed on the way", () =>
  survives(async (relay) => {
    let tamper = false;
    const wrap = (inner: Connection): Connection =>
      new Proxy(inner, {
        get(target, name) {
          if (name === "write") {
            return (bytes: Uint8Array) => {
              const changed = bytes.slice();
              if (tamper) changed[changed.length >> 1] ^= 1;
              target.write(changed);
            };
          }
          const value = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    await using client = await relay.connect({ wrap });
    for (let i = 0; i < 5; i++) {
      tamper = true;
      client.smp.sendContent(batch(1, pingInBatch));
      assert.equal(words((await client.event()).message), "ERR BLOCK");
      // Each block has its own key, so the next one is read all the same.
      tamper = false;
      assert.equal(words(await client.send({ tag: "PING" })), "PONG");
    }
  }));

Deno.test("300 handshakes that never go on", async () => {
  await using relay = await TestRelay.start();
  const usual = Math.max(
    ...await Promise.all([1, 2, 3].map(() => assertServes(relay))),
  );
  const silent: Deno.TcpConn[] = [];
  const half: Connection[] = [];
  try {
    for (let i = 0; i < 200; i++) {
      const tcp = await dialTcp(relay);
      silent.push(tcp);
      // Half of them begin a TLS record.
      if (i % 2 === 0) await tcp.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
    }
    for (let i = 0; i < 100; i++) {
      const connection = await dial(relay);
      await readHello(connection);
      half.push(connection);
    }
    const time = await assertServes(relay);
    assert.ok(time < 10 * usual + 1000, `${time} ms, usually ${usual} ms`);
  } finally {
    for (const tcp of silent) tcp.close();
    for (const connection of half) connection.abort();
  }
  await assertNobodyLeft(relay);
});

Deno.test("a bound on handshakes is kept, and a real client gets through", async () => {
  await using relay = await TestRelay.start({ set: ["limits.handshakes=20"] });
  const silent: Deno.TcpConn[] = [];
  try {
    for (let i = 0; i < 60; i++) silent.push(await dialTcp(relay));
    await assertServes(relay);
    // The oldest were dropped for the newest.
    const end = await silent[0].read(new Uint8Array(1)).catch(() => null);
    assert.equal(end, null);
  } finally {
    for (const tcp of silent) tcp.close();
  }
  await assertNobodyLeft(relay);
});

Deno.test("a bound on connections is kept, and nobody loses theirs", async () => {
  await using relay = await TestRelay.start({ set: ["limits.connections=3"] });
  {
    await using first = await relay.connect();
    await using second = await relay.connect();
    await using third = await relay.connect();
    await assert.rejects(relay.connect());
    for (const client of [first, second, third]) {
      assert.equal(words(await client.send({ tag: "PING" })), "PONG");
    }
  }
  await assertNobodyLeft(relay);
  await assertServes(relay);
});

Deno.test("clients that are gone without a word", () =>
  survives(async (relay) => {
    for (let i = 0; i < 20; i++) {
      const connection = await connectRaw(relay);
      const block = pad(batch(1, pingInBatch), BLOCK_SIZE);
      assert.ok(block);
      for (let n = 0; n < 20; n++) connection.write(block);
      connection.abort();
    }
  }));
