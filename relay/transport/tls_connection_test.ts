import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import {
  type ByteStream,
  type Connection,
  dialTls,
  listenTls,
  type ListenTlsOptions,
  TlsError,
  wrapTls,
} from "./mod.ts";
import { makeCredentials } from "./testing.ts";

const ed25519 = await makeCredentials("ED25519");
const ed448 = await makeCredentials("ED448");
const BLOCK = 16384;

function listen(options: Partial<ListenTlsOptions> = {}) {
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials: ed25519,
    alpn: ["smp/1"],
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Numbered so that a lost, doubled or moved byte shows. */
function pattern(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(length / 4);
  for (let index = 0; index < words.length; index++) {
    words[index] = Math.imul(index + seed, 2654435761);
  }
  return new Uint8Array(words.buffer);
}

for (const [name, credentials] of Object.entries({ ed25519, ed448 })) {
  Deno.test(`own client and server, ${name}: same session ID, echo`, async () => {
    const { promise, resolve } = Promise.withResolvers<Connection>();
    const { listener, port } = listen({
      credentials,
      onConnection: (connection) => {
        resolve(connection);
        return echo(connection);
      },
    });
    const connection = await dialTls("127.0.0.1", port, { alpn: ["smp/1"] });
    assert.equal(connection.alpn, "smp/1");
    assert.equal(connection.peerCertificates.length, 2);
    const block = pattern(BLOCK);
    const answer = new Uint8Array(BLOCK);
    for (let round = 0; round < 5; round++) {
      connection.write(block);
      assert.ok(await connection.readFull(answer));
      assert.deepEqual(answer, block);
    }
    assert.equal(connection.sessionId.length, 32);
    assert.deepEqual(connection.sessionId, (await promise).sessionId);
    assert.equal(listener.stats().open, 1);
    await connection.close();
    await listener.stop();
    assert.equal(listener.stats().open, 0);
  });
}

Deno.test("every connection has its own session ID and its own bytes", async () => {
  const { listener, port } = listen();
  const connections = await Promise.all(
    Array.from({ length: 30 }, () => dialTls("127.0.0.1", port)),
  );
  const ids = new Set(connections.map(({ sessionId }) => sessionId.toHex()));
  assert.equal(ids.size, 30);
  // Sizes that leave records half received, so that connections take turns in
  // the middle of one.
  await Promise.all(connections.map(async (connection, seed) => {
    const bytes = pattern(150_000 + 4 * seed, seed);
    const answer = new Uint8Array(bytes.length);
    connection.write(bytes);
    assert.ok(await connection.readFull(answer));
    assert.deepEqual(answer, bytes);
  }));
  await Promise.all(connections.map((connection) => connection.close()));
  await listener.stop();
});

Deno.test("large transfers in both directions at once", async () => {
  const { listener, port } = listen();
  const connection = await dialTls("127.0.0.1", port);
  const total = 32 * 1024 * 1024;
  const part = pattern(1024 * 1024 - 4);
  const send = async () => {
    for (let sent = 0; sent < total; sent += part.length) {
      connection.write(part);
      await connection.drained(64 * 1024);
    }
  };
  const receive = async () => {
    const answer = new Uint8Array(part.length);
    for (let got = 0; got < total; got += part.length) {
      assert.ok(await connection.readFull(answer));
      assert.equal(Buffer.compare(answer, part), 0);
    }
  };
  await Promise.all([send(), receive()]);
  await connection.close();
  await listener.stop();
});

Deno.test("back-pressure: output is bounded and drained tells", async () => {
  let served: Connection | undefined;
  const { listener, port } = listen({
    maxBuffered: 4 * 1024 * 1024,
    onConnection: async (connection) => {
      served = connection;
      await new Promise((resolve) =>
        connection.closed.addEventListener("abort", resolve)
      );
    },
  });
  const connection = await dialTls("127.0.0.1", port);
  while (served === undefined) await sleep(1);

  // The client does not read: kernel buffers fill, then the queue.
  const block = pattern(BLOCK);
  let written = 0;
  while (served.buffered < 1024 * 1024) {
    served.write(block);
    written += BLOCK;
    await sleep(0);
  }
  let isDrained = false;
  const drained = served.drained(100_000).then(() => isDrained = true);
  await sleep(50);
  assert.equal(isDrained, false);

  const answer = new Uint8Array(BLOCK);
  for (let got = 0; got < written; got += BLOCK) {
    assert.ok(await connection.readFull(answer));
  }
  assert.equal(Buffer.compare(answer, block), 0);
  await drained;
  assert.ok(served.buffered <= 100_000);

  // Past the bound the connection goes, and with it what it held.
  while (!served.closed.aborted) served.write(block);
  assert.equal(served.buffered, 0);
  assert.ok(served.closed.reason instanceof TlsError);
  await served.drained();
  connection.abort();
  await listener.stop();
});

Deno.test("a peer that takes nothing is given up", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const { listener, port } = listen({
    stallTimeoutMs: 100,
    onConnection: async (connection) => {
      connection.write(new Uint8Array(32 * 1024 * 1024));
      await connection.drained();
      resolve(connection.closed.reason);
    },
  });
  const connection = await dialTls("127.0.0.1", port);
  const reason = await promise;
  assert.ok(reason instanceof TlsError && reason.kind === "timeout");
  assert.equal(listener.stats().open, 0);
  connection.abort();
  await listener.stop();
});

Deno.test("close and abort during a read and a write", async () => {
  const { listener, port } = listen();
  for (const end of ["close", "abort"] as const) {
    const connection = await dialTls("127.0.0.1", port);
    const reading = connection.read();
    connection.write(new Uint8Array(512 * 1024));
    const ending = connection[end]();
    connection.write(new Uint8Array(BLOCK)); // does nothing
    await ending;
    await reading; // data or the end, but it settles
    assert.equal(await connection.read(), undefined);
    assert.equal(await connection.readFull(new Uint8Array(1)), false);
    assert.equal(connection.buffered, 0);
    assert.ok(connection.closed.aborted);
    connection.write(new Uint8Array(BLOCK));
    await connection.drained();
    await connection.close();
    connection.abort();
  }
  await listener.stop();
});

Deno.test("close delivers what was written before", async () => {
  const bytes = pattern(700_000);
  const { listener, port } = listen({
    onConnection: (connection) => {
      connection.write(bytes);
      return connection.close();
    },
  });
  const connection = await dialTls("127.0.0.1", port);
  const answer = new Uint8Array(bytes.length);
  assert.ok(await connection.readFull(answer));
  assert.equal(Buffer.compare(answer, bytes), 0);
  assert.equal(await connection.read(), undefined);
  await connection.close();
  await listener.stop();
});

Deno.test("close is patient with a slow peer and not with a deaf one", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { listener, port } = listen({
    closeTimeoutMs: 3_000,
    maxBuffered: 64 * 1024 * 1024,
    onConnection: async (connection) => {
      connection.write(new Uint8Array(16 * 1024 * 1024));
      const start = performance.now();
      await connection.close();
      resolve(performance.now() - start);
    },
  });
  const slow = await dialTls("127.0.0.1", port);
  await sleep(700); // longer than the farewell
  assert.ok(await slow.readFull(new Uint8Array(16 * 1024 * 1024)));
  assert.equal(await slow.read(), undefined);
  await slow.close();
  assert.ok(await promise < 3_000);
  await listener.stop();

  const impatient = listen({
    closeTimeoutMs: 100,
    onConnection: (connection) => {
      connection.write(new Uint8Array(16 * 1024 * 1024));
      return connection.close();
    },
  });
  const deaf = await dialTls("127.0.0.1", impatient.port);
  while (impatient.listener.stats().established === 0) await sleep(5);
  await sleep(400);
  assert.equal(impatient.listener.stats().open, 0);
  deaf.abort();
  await impatient.listener.stop();
});

Deno.test("only one read at a time", async () => {
  const { listener, port } = listen();
  const connection = await dialTls("127.0.0.1", port);
  const first = connection.read();
  await assert.rejects(connection.read(), /pending/);
  connection.write(new Uint8Array([1]));
  assert.deepEqual([...await first ?? []], [1]);
  await connection.close();
  await listener.stop();
});

Deno.test("a forged record closes its connection and harms no other", async () => {
  const { listener, port } = listen();
  const other = await dialTls("127.0.0.1", port);

  const tcp = await Deno.connect({ hostname: "127.0.0.1", port });
  let forge = false;
  const forger = await wrapTls({
    read: (buffer) => tcp.read(buffer),
    write: (bytes) => {
      if (forge) bytes[20] ^= 1;
      return tcp.write(bytes);
    },
    close: () => tcp.close(),
  }, "client");
  forge = true;
  forger.write(new Uint8Array(100));
  // The alert comes to the one who forged, as an error of TLS.
  assert.equal(await forger.read(), undefined);
  const { reason } = forger.closed;
  assert.ok(reason instanceof TlsError && reason.kind === "protocol");
  assert.match(reason.message, /bad record mac/);

  // Nothing of it has come into what other connections send and receive.
  for (const each of [other, await dialTls("127.0.0.1", port)]) {
    const bytes = pattern(40_000);
    const answer = new Uint8Array(bytes.length);
    each.write(bytes);
    assert.ok(await each.readFull(answer));
    assert.deepEqual(answer, bytes);
    await each.close();
  }
  await listener.stop();
});

Deno.test("TLS runs inside TLS, and inside a stream of single bytes", async () => {
  const { listener, port } = listen({
    onConnection: async (outer) => {
      const inner = await wrapTls(asStream(outer, 1), "server", {
        credentials: ed448,
      });
      await echo(inner);
      await inner.close();
    },
  });
  const outer = await dialTls("127.0.0.1", port);
  const inner = await wrapTls(asStream(outer, 70_000), "client");
  assert.notDeepEqual(inner.sessionId, outer.sessionId);
  const bytes = pattern(40_000);
  const answer = new Uint8Array(bytes.length);
  inner.write(bytes);
  assert.ok(await inner.readFull(answer));
  assert.deepEqual(answer, bytes);
  await inner.close();
  await listener.stop();
});

/** A connection as the stream of another; reads `step` bytes at most. */
function asStream(connection: Connection, step: number): ByteStream {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(buffer) {
      if (rest.length === 0) {
        const next = await connection.read();
        if (next === undefined) return null;
        rest = next.slice();
      }
      const part = rest.subarray(0, Math.min(step, buffer.length));
      buffer.set(part);
      rest = rest.subarray(part.length);
      return part.length;
    },
    async write(bytes) {
      connection.write(bytes);
      await connection.drained(64 * 1024);
      return bytes.length;
    },
    close: () => connection.abort(),
  };
}

Deno.test("wrong certificates and keys are told in words", () => {
  const bad: [Partial<ListenTlsOptions>, RegExp][] = [
    [{ credentials: undefined }, /needs a certificate/],
    [{ credentials: { ...ed25519, key: ed448.key } }, /does not fit/],
    [{ credentials: { ...ed25519, key: "no key" } }, /no key/],
    [{ credentials: { ...ed25519, certificates: "" } }, /no certificate/],
    [
      { credentials: { ...ed25519, certificates: [new Uint8Array(9)] } },
      /Cannot read certificate 1/,
    ],
    [{ alpn: ["x".repeat(256)] }, /1 to 255/],
    [
      { addresses: [{ hostname: "192.0.2.1", port: 0 }] },
      /Cannot listen on 192\.0\.2\.1:0/,
    ],
  ];
  for (const [options, message] of bad) {
    assert.throws(
      () => listen(options),
      (error) =>
        error instanceof TlsError && error.kind === "config" &&
        message.test(error.message),
    );
  }
});

Deno.test("certificates and keys are taken as DER too", async () => {
  const der = (pem: string, label: string) =>
    Array.from(
      pem.matchAll(
        new RegExp(`-----BEGIN ${label}-----([^-]*)-----END`, "g"),
      ),
      ([, body]) => Uint8Array.fromBase64(body),
    );
  const certificates = der(`${ed448.certificates}`, "CERTIFICATE");
  const [key] = der(`${ed448.key}`, "PRIVATE KEY");
  const { listener, port } = listen({ credentials: { certificates, key } });
  const connection = await dialTls("127.0.0.1", port);
  assert.deepEqual(
    connection.peerCertificates.map((each) => each.toHex()),
    certificates.map((each) => each.toHex()),
  );
  assert.ok(key.some((byte) => byte !== 0), "the caller's key is untouched");
  await connection.close();
  await listener.stop();
});

Deno.test("the dialer tells apart why it failed", async () => {
  const kind = (wanted: string) => (error: unknown) =>
    error instanceof TlsError && error.kind === wanted;

  const closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closedPort = closed.addr.port;
  closed.close();
  await assert.rejects(dialTls("127.0.0.1", closedPort), kind("connect"));

  // A server that accepts and says nothing.
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted: Deno.Conn[] = [];
  const loop = (async () => {
    for await (const tcp of silent) accepted.push(tcp);
  })();
  await assert.rejects(
    dialTls("127.0.0.1", silent.addr.port, { handshakeTimeoutMs: 50 }),
    kind("timeout"),
  );
  const reason = new Error("changed my mind");
  const abort = new AbortController();
  const aborted = dialTls("127.0.0.1", silent.addr.port, {
    signal: abort.signal,
  });
  setTimeout(() => abort.abort(reason), 30);
  await assert.rejects(aborted, (error) => error === reason);
  await assert.rejects(
    dialTls("127.0.0.1", silent.addr.port, { signal: abort.signal }),
    (error) => error === reason,
  );
  silent.close();
  await loop;
  for (const tcp of accepted) tcp.close();

  const { listener, port } = listen();
  await assert.rejects(
    dialTls("127.0.0.1", port, { alpn: ["other/1"] }),
    kind("alpn"),
  );
  await listener.stop();
});
