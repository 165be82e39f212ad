import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { serveHttp1 } from "../../relay/http1/mod.ts";
import {
  type ByteStream,
  type Connection,
  dialTls,
  listenTls,
  type TlsListener,
} from "../../relay/transport/mod.ts";
import { makeCredentials } from "../../relay/transport/testing.ts";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { WebSocketError } from "./errors.ts";
import { applyMask, encodeFrame, Opcode, readHead } from "./frames.ts";
import { acceptWebSocket, openWebSocket } from "./handshake.ts";

const credentials = await makeCredentials("ED25519");

function listen(
  onConnection: (connection: Connection) => Promise<void>,
): TlsListener {
  return listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials,
    onConnection,
  });
}

/** Sends back what comes over WebSockets. */
function echoServer(): TlsListener {
  return listen((connection) =>
    serveHttp1(connection, {
      handle: () => ({ status: 404 }),
      upgrade: (request, taken) => {
        const stream = acceptWebSocket(request, taken);
        return stream && echo(stream);
      },
      onError: () => {},
    })
  );
}

async function echo(stream: ByteStream): Promise<void> {
  const buffer = new Uint8Array(5000);
  try {
    for (;;) {
      const size = await stream.read(buffer);
      if (size === null) break;
      for (let at = 0; at < size;) {
        at += await stream.write(buffer.subarray(at, size));
      }
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
  }
}

async function readAll(stream: ByteStream, size: number): Promise<Uint8Array> {
  const all = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const got = await stream.read(all.subarray(at));
    if (got === null) return all.subarray(0, at);
    at += got;
  }
  return all;
}

/** Carries bytes both ways until both have ended. */
async function join(plain: Deno.TcpConn, tls: Connection): Promise<void> {
  const out = async () => {
    const buffer = new Uint8Array(16384);
    for (;;) {
      const size = await plain.read(buffer).catch(() => null);
      if (size === null) break;
      tls.write(buffer.subarray(0, size));
      await tls.drained();
    }
    await tls.close();
  };
  const back = async () => {
    try {
      for (;;) {
        const view = await tls.read();
        if (view === undefined) break;
        const bytes = view.slice();
        for (let at = 0; at < bytes.length;) {
          at += await plain.write(bytes.subarray(at));
        }
      }
      plain.close();
    } catch {
      // It has gone.
    }
  };
  await Promise.all([out(), back()]);
}

Deno.test("Deno's own client talks to our server", async () => {
  await using server = echoServer();
  const bridge = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const joined = (async () => {
    const plain = await bridge.accept();
    await join(
      plain,
      await dialTls("127.0.0.1", server.addresses[0].port),
    );
  })();
  const socket = new WebSocket(`ws://127.0.0.1:${bridge.addr.port}/tunnel`);
  socket.binaryType = "arraybuffer";
  const closed = new Promise((resolve) => socket.onclose = resolve);
  await new Promise((resolve) => socket.onopen = resolve);
  for (const size of [1, 125, 126, 65_535, 65_536, 300_000]) {
    const sent = new SeededRandom(size).bytes(size);
    const received: Uint8Array[] = [];
    let got = 0;
    const done = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        received.push(new Uint8Array(data));
        got += data.byteLength;
        if (got === size) resolve();
      };
    });
    socket.send(sent);
    await done;
    deepStrictEqual(
      new Uint8Array(
        await new Blob(
          received.map((each) => new Uint8Array(each)),
        ).arrayBuffer(),
      ),
      new Uint8Array(sent),
    );
  }
  socket.close();
  await closed;
  await joined;
  bridge.close();
});

Deno.test("Our client talks to Deno's own server", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.binaryType = "arraybuffer";
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    },
  );
  const { port } = server.addr;
  await using listener = listen(async (connection) =>
    await join(await Deno.connect({ hostname: "127.0.0.1", port }), connection)
  );
  const stream = await openWebSocket(
    await dialTls("127.0.0.1", listener.addresses[0].port),
    { host: "localhost", path: "/tunnel" },
  );
  const sent = new SeededRandom(5).bytes(200_000);
  const received = readAll(stream, sent.length);
  for (let at = 0; at < sent.length;) {
    at += await stream.write(sent.subarray(at));
  }
  deepStrictEqual(await received, new Uint8Array(sent));
  await stream.closeWrite();
  strictEqual(await stream.read(new Uint8Array(1)), null);
  stream.close();
  await server.shutdown();
});

Deno.test("Headers are what they were, in any portions", () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    for (const mask of [undefined, Uint8Array.of(1, 2, 3, 4)]) {
      const frame = encodeFrame(Opcode.binary, new Uint8Array(length), {
        mask,
      });
      const head = readHead(frame);
      ok(typeof head === "object");
      strictEqual(head.length, length);
      strictEqual(frame.length, head.size + length);
      deepStrictEqual(head.mask, mask);
      for (let part = 0; part < head.size; part++) {
        strictEqual(readHead(frame.subarray(0, part)), "partial");
      }
    }
  }
});

/** The example of RFC 6455 section 5.7: "Hello", masked. */
Deno.test("The RFC's masked frame is ours", () => {
  const frame = Uint8Array.from([
    ...[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
  ]);
  const text = new TextEncoder().encode("Hello");
  const mask = frame.slice(2, 6);
  deepStrictEqual(encodeFrame(Opcode.text, text, { mask }), frame);
  const payload = frame.slice(6);
  applyMask(payload.subarray(2), mask, 2);
  applyMask(payload.subarray(0, 2), mask, 0);
  deepStrictEqual(payload, text);
});

const mask = { mask: Uint8Array.of(9, 9, 9, 9) };
const payload = Uint8Array.of(1);
const flagged = (frame: Uint8Array<ArrayBuffer>, first: number) => {
  frame[0] = first;
  return frame;
};
const violations: Record<string, Uint8Array<ArrayBuffer>> = {
  "no mask": encodeFrame(Opcode.binary, payload),
  "a text": encodeFrame(Opcode.text, payload, mask),
  "an unknown kind": encodeFrame(3, payload, mask),
  "a reserved bit": flagged(encodeFrame(Opcode.binary, payload, mask), 0xc2),
  "a ping in parts": flagged(encodeFrame(Opcode.ping, payload, mask), 0x09),
  "a long ping": encodeFrame(Opcode.ping, new Uint8Array(126), mask),
  "a continuation of nothing": encodeFrame(
    Opcode.continuation,
    payload,
    mask,
  ),
  "a length in a longer form": Uint8Array.from([0x82, 0xfe, 0, 5, 0, 0, 0, 0]),
  "a frame without end": Uint8Array.from([
    ...[0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0],
  ]),
};

for (const [name, bytes] of Object.entries(violations)) {
  Deno.test(`A server closes at ${name}`, async () => {
    await using server = echoServer();
    const connection = await dialTls(
      "127.0.0.1",
      server.addresses[0].port,
    );
    const stream = await openWebSocket(connection, {
      host: "localhost",
      path: "/tunnel",
    });
    connection.write(bytes);
    strictEqual(await stream.read(new Uint8Array(1)), null);
    stream.close();
  });
}

Deno.test("A ping is answered amid a message in parts", async () => {
  await using server = echoServer();
  const connection = await dialTls("127.0.0.1", server.addresses[0].port);
  const stream = await openWebSocket(connection, {
    host: "localhost",
    path: "/tunnel",
  });
  const parts = [
    flagged(encodeFrame(Opcode.binary, Uint8Array.of(1, 2), mask), 0x02),
    encodeFrame(Opcode.ping, Uint8Array.of(7), mask),
    encodeFrame(Opcode.continuation, Uint8Array.of(3), mask),
  ];
  for (const part of parts) {
    for (const byte of part) connection.write(Uint8Array.of(byte));
  }
  deepStrictEqual(await readAll(stream, 3), Uint8Array.of(1, 2, 3));
  stream.close();
});

Deno.test("A server that is none is no WebSocket", async () => {
  await using server = listen(async (connection) => {
    await connection.read();
    connection.write(
      new TextEncoder().encode(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
          "Connection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n",
      ),
    );
    await connection.drained();
    await connection.read();
  });
  const connection = await dialTls("127.0.0.1", server.addresses[0].port);
  await rejects(
    openWebSocket(connection, { host: "localhost", path: "/tunnel" }),
    WebSocketError,
  );
});
