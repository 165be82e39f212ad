/** What strangers can do to the listener, and how it starts and stops. */
import assert from "node:assert/strict";
import {
  type Connection,
  dialTls,
  listenTls,
  type ListenTlsOptions,
  TlsError,
} from "./mod.ts";
import { makeCredentials } from "./testing.ts";

const credentials = await makeCredentials("ED25519");

function listen(options: Partial<ListenTlsOptions> = {}) {
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials,
    onConnection: echo,
    ...options,
  });
  return { listener, port: listener.addresses[0].port };
}

async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const bytes = await connection.read();
    if (bytes === undefined) return;
    connection.write(bytes);
    await connection.drained(256 * 1024);
  }
}

/** It answers a new client. */
async function assertServes(port: number, host = "127.0.0.1"): Promise<void> {
  const connection = await dialTls(host, port, { handshakeTimeoutMs: 5_000 });
  connection.write(new Uint8Array([1, 2, 3]));
  const answer = new Uint8Array(3);
  assert.ok(await connection.readFull(answer));
  assert.deepEqual([...answer], [1, 2, 3]);
  await connection.close();
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`not within 5 s: ${what}`);
}

/** Sends `bytes` on plain TCP, reads to the end and returns what came. */
async function sendRaw(port: number, bytes: Uint8Array, end = false) {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  let answer = "";
  try {
    await tcp.write(bytes);
    if (end) await tcp.closeWrite();
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await tcp.read(buffer);
      if (count === null) break;
      answer += buffer.subarray(0, count).toHex();
    }
  } catch {
    // A reset is an end as well.
  }
  tcp.close();
  return answer;
}

/** A ClientHello as it goes over the wire. */
async function recordClientHello(): Promise<Uint8Array<ArrayBuffer>> {
  const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dialing = dialTls("127.0.0.1", tcp.addr.port).catch(() => {});
  const accepted = await tcp.accept();
  const buffer = new Uint8Array(4096);
  const count = await accepted.read(buffer) ?? 0;
  accepted.close();
  tcp.close();
  await dialing;
  return buffer.slice(0, count);
}

Deno.test("plain HTTP and noise are closed and counted", async () => {
  // Noise may begin like a record, which is waited for.
  const { listener, port } = listen({ handshakeTimeoutMs: 500 });
  const http = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await sendRaw(port, http);
  assert.deepEqual(listener.stats().failed, { not_tls: 1 });
  for (let round = 0; round < 20; round++) {
    await sendRaw(port, crypto.getRandomValues(new Uint8Array(3000)));
  }
  await until(() => listener.stats().handshaking === 0, "all closed");
  assert.equal(listener.stats().established, 0);
  const failed = Object.values(listener.stats().failed);
  assert.equal(failed.reduce((sum, count) => sum + count, 0), 21);
  await assertServes(port);
  await listener.stop();
});

Deno.test("a ClientHello that is cut, broken or endless is closed", async () => {
  const { listener, port } = listen({ handshakeTimeoutMs: 2_000 });
  const hello = await recordClientHello();
  for (const length of [1, 5, 50, hello.length - 1]) {
    await sendRaw(port, hello.subarray(0, length), true);
  }
  assert.deepEqual(listener.stats().failed, { closed: 4 });
  for (let at = 5; at < hello.length; at += 7) {
    const broken = hello.slice();
    broken[at] ^= 0xff;
    await sendRaw(port, broken, true);
  }
  // Records of a handshake message that claims to be very long.
  const endless = new Uint8Array(200_000);
  for (let at = 0; at < endless.length; at += 1005) {
    endless.set([0x16, 3, 1, 0x03, 0xe8], at);
  }
  endless.set([0x01, 0xff, 0xff, 0xff], 5);
  await sendRaw(port, endless);
  await until(() => listener.stats().handshaking === 0, "all closed");
  assert.equal(listener.stats().established, 0);
  await assertServes(port);
  await listener.stop();
});

Deno.test("a client that is too slow is closed", async () => {
  const { listener, port } = listen({ handshakeTimeoutMs: 100 });
  const start = performance.now();
  assert.equal(await sendRaw(port, new Uint8Array([0x16])), "");
  assert.ok(performance.now() - start < 2_000);
  assert.deepEqual(listener.stats().failed, { timeout: 1 });
  await listener.stop();
});

for (const silent of [4, 3, 0]) {
  Deno.test(`a flood of half-open connections, ${silent} of 4 silent, keeps nobody out`, async () => {
    const { listener, port } = listen({ maxHandshakes: 50 });
    const hello = await recordClientHello();
    const served = await dialTls("127.0.0.1", port);
    const flood: Deno.Conn[] = [];
    for (let index = 0; index < 200; index++) {
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
      if (index % 4 >= silent) await tcp.write(hello.subarray(0, 40));
      flood.push(tcp);
      if (index % 20 === 0) await assertServes(port);
    }
    await until(() => listener.stats().accepted >= 200, "accepted");
    const { handshaking, dropped } = listener.stats();
    assert.ok(handshaking <= 50, `${handshaking} at a time`);
    assert.ok(dropped >= 150, `${dropped} dropped`);
    await assertServes(port);
    served.write(new Uint8Array([7]));
    assert.deepEqual([...await served.read() ?? []], [7]);

    await served.close();
    for (const tcp of flood) tcp.close();
    await until(() => listener.stats().handshaking === 0, "all gone");
    await listener.stop();
  });
}

Deno.test("at its cap the listener refuses newcomers and keeps the others", async () => {
  const { listener, port } = listen({ maxConnections: 3 });
  const connections = await Promise.all(
    [1, 2, 3].map(() => dialTls("127.0.0.1", port)),
  );
  await until(() => listener.stats().open === 3, "three open");
  await assert.rejects(
    dialTls("127.0.0.1", port),
    (error) => error instanceof TlsError && error.kind === "closed",
  );
  assert.equal(listener.stats().refused, 1);
  for (const connection of connections) {
    connection.write(new Uint8Array([9]));
    assert.deepEqual([...await connection.read() ?? []], [9]);
  }
  await connections[0].close();
  await until(() => listener.stats().open === 2, "one left");
  await assertServes(port);
  await Promise.all(connections.map((connection) => connection.close()));
  await listener.stop();
});

Deno.test("an error of one connection stays with it", async () => {
  const errors: unknown[] = [];
  const { listener, port } = listen({
    onConnection: async (connection) => {
      const bytes = await connection.read();
      if (bytes?.[0] === 0) throw new Error("broken handler");
      connection.write(new Uint8Array([1]));
      await connection.drained();
    },
    onHandlerError: (error) => errors.push(error),
  });
  const [bad, good] = await Promise.all([
    dialTls("127.0.0.1", port),
    dialTls("127.0.0.1", port),
  ]);
  bad.write(new Uint8Array([0]));
  assert.equal(await bad.read(), undefined);
  good.write(new Uint8Array([1]));
  assert.deepEqual([...await good.read() ?? []], [1]);
  assert.equal(listener.stats().handlerErrors, 1);
  assert.match(String(errors[0]), /broken handler/);
  await Promise.all([bad.close(), good.close()]);
  await listener.stop();
});

Deno.test("no hostname: IPv4 and, where there is one, IPv6", async () => {
  const { listener } = listen({
    addresses: [{ port: 0 }, { hostname: "127.0.0.1", port: 0 }],
  });
  const [first] = listener.addresses;
  await assertServes(first.port);
  await assertServes(listener.addresses.at(-1)?.port ?? 0);
  if (first.hostname === "::") await assertServes(first.port, "::1");
  await listener.stop();
});

Deno.test("a port in use is told, and the other ports are given back", () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const hostname = "127.0.0.1";
  assert.throws(
    () =>
      listen({
        addresses: [
          { hostname, port },
          { hostname, port: taken.addr.port },
        ],
      }),
    /another program uses it/,
  );
  Deno.listen({ hostname, port }).close();
  taken.close();
});

Deno.test("stop is quick, with peers that answer and peers that do not", async () => {
  const { listener, port } = listen();
  const hello = await recordClientHello();
  const polite = await dialTls("127.0.0.1", port);
  const politeRead = polite.read();
  const deaf = await dialTls("127.0.0.1", port); // never reads
  const halfOpen = await Deno.connect({ hostname: "127.0.0.1", port });
  await halfOpen.write(hello.subarray(0, 30));
  await until(
    () => listener.stats().open === 2 && listener.stats().handshaking === 1,
    "two open",
  );
  const start = performance.now();
  await Promise.all([listener.stop(), listener.stop()]);
  assert.ok(performance.now() - start < 1_000);
  assert.equal(await politeRead, undefined);
  assert.equal(listener.stats().open, 0);
  assert.equal(listener.stats().handshaking, 0);
  await assert.rejects(dialTls("127.0.0.1", port));
  halfOpen.close();
  await polite.close();
  deaf.abort();
});

Deno.test("stop ends a handler that ignores its connection", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { listener, port } = listen({ onConnection: () => promise });
  const connection = await dialTls("127.0.0.1", port);
  await until(() => listener.stats().open === 1, "open");
  const start = performance.now();
  await listener.stop({ deadlineMs: 100 });
  assert.ok(performance.now() - start < 500);
  resolve();
  connection.abort();
});
