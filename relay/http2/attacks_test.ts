/** What a hostile client can try, each with the bound that stops it. */
import assert from "node:assert/strict";
import { Http2Code } from "./errors.ts";
import { Flag, FrameType, putUint32 } from "./frames.ts";
import type { Http2Stream } from "./stream.ts";
import { echo, LIMITS, RawPeer, REQUEST, startServer } from "./testing.ts";

const { ENHANCE_YOUR_CALM, PROTOCOL_ERROR, FLOW_CONTROL_ERROR } = Http2Code;

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putUint32(bytes, 0, value);
  return bytes;
}

/** What the server says in GOAWAY after `attack`. */
async function endOf(attack: (peer: RawPeer) => void): Promise<unknown> {
  await using server = startServer();
  await using peer = await RawPeer.connect(server.port);
  attack(peer);
  const code = await peer.goAway();
  assert.deepEqual(server.errors, []);
  return code;
}

Deno.test("rapid reset ends the session", async () => {
  let running = 0;
  let most = 0;
  const wait = async (stream: Http2Stream) => {
    most = Math.max(most, ++running);
    await stream.closed;
    await new Promise((resolve) => setTimeout(resolve, 50));
    running--;
  };
  await using server = startServer(wait);
  await using peer = await RawPeer.connect(server.port);
  for (let id = 1; id < 2000; id += 2) {
    peer.request(id);
    peer.send(
      { type: FrameType.RST_STREAM, flags: 0, streamId: id },
      uint32(Http2Code.CANCEL),
    );
  }
  assert.equal(await peer.goAway(), ENHANCE_YOUR_CALM);
  assert.ok(most <= 2 * LIMITS.maxConcurrentStreams, `${most} handlers`);
});

Deno.test("floods of frames in vain end the session", async () => {
  const floods: Record<string, (peer: RawPeer) => void> = {
    ping: (peer) =>
      peer.send(
        { type: FrameType.PING, flags: 0, streamId: 0 },
        new Uint8Array(8),
      ),
    settings: (peer) =>
      peer.send({ type: FrameType.SETTINGS, flags: 0, streamId: 0 }),
    "empty data": (peer) =>
      peer.send({ type: FrameType.DATA, flags: 0, streamId: 1 }),
    priority: (peer) =>
      peer.send(
        { type: FrameType.PRIORITY, flags: 0, streamId: 1 },
        new Uint8Array(5),
      ),
    unknown: (peer) => peer.send({ type: 200, flags: 0, streamId: 0 }),
    "tiny windows": (peer) =>
      peer.send(
        { type: FrameType.WINDOW_UPDATE, flags: 0, streamId: 0 },
        uint32(1),
      ),
  };
  for (const [name, flood] of Object.entries(floods)) {
    const code = await endOf((peer) => {
      peer.request(1, { end: false });
      for (let count = 0; count < 300; count++) flood(peer);
    });
    assert.equal(code, ENHANCE_YOUR_CALM, name);
  }
});

Deno.test("CONTINUATION without end is not collected", async () => {
  const continuation = { type: FrameType.CONTINUATION, flags: 0, streamId: 1 };
  for (const [size, times] of [[0, 200], [1, 200], [9000, 2]]) {
    const code = await endOf((peer) => {
      peer.send({ type: FrameType.HEADERS, flags: 0, streamId: 1 });
      for (let count = 0; count < times; count++) {
        peer.send(continuation, new Uint8Array(size));
      }
    });
    assert.equal(code, ENHANCE_YOUR_CALM, `${size} bytes each`);
  }
});

Deno.test("a few bytes that stand for many fields reset the stream", async () => {
  await using server = startServer();
  await using peer = await RawPeer.connect(server.port);
  // One field of 4000 bytes into the table, and then a thousand times again.
  const long = new Uint8Array(4003);
  long.set([0x40, 0x01, 0x61, 0x7f, 0xa1, 0x1e]);
  long.fill(0x62, 6);
  const bomb = new Uint8Array(4006 + 1000).fill(0xbe, 4006);
  bomb.set(long);
  bomb.fill(0x62, 4003, 4006);
  peer.send({
    type: FrameType.HEADERS,
    flags: Flag.END_HEADERS | Flag.END_STREAM,
    streamId: 1,
  }, bomb);
  assert.equal(await peer.resetCode(), ENHANCE_YOUR_CALM);
  peer.request(3);
  const answer = await peer.nextOf(FrameType.HEADERS);
  assert.equal(answer?.header.streamId, 3);
});

Deno.test("a client that takes nothing loses its stream, not memory", async () => {
  const written = Promise.withResolvers<unknown>();
  const respond = async (stream: Http2Stream) => {
    stream.sendHeaders([[":status", "200"]]);
    try {
      await stream.write(new Uint8Array(1024 * 1024), { end: true });
    } catch (error) {
      written.resolve(error);
      throw error;
    }
  };
  await using server = startServer(respond, { writeStallMs: 100 });
  // SETTINGS_INITIAL_WINDOW_SIZE 0
  const settings = Uint8Array.from([0, 4, 0, 0, 0, 0]);
  await using peer = await RawPeer.connect(server.port, settings);
  peer.request(1);
  assert.equal(await peer.resetCode(), Http2Code.CANCEL);
  assert.match(String(await written.promise), /takes nothing/);
});

Deno.test("a client that reads nothing is bounded", async () => {
  const respond = async (stream: Http2Stream) => {
    stream.sendHeaders([[":status", "200"]]);
    for (;;) await stream.write(new Uint8Array(64 * 1024));
  };
  await using server = startServer(respond, { writeStallMs: 200 });
  // The largest windows there are.
  const settings = Uint8Array.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);
  await using peer = await RawPeer.connect(server.port, settings);
  peer.send(
    { type: FrameType.WINDOW_UPDATE, flags: 0, streamId: 0 },
    uint32(2 ** 31 - 1 - 65_535),
  );
  for (let id = 1; id < 32; id += 2) peer.request(id);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [session] = server.sessions;
  assert.ok(session.open);
  peer.connection.abort();
  await session.ended;
});

Deno.test("windows that grow too far, and more than they allow", async () => {
  const grow = (streamId: number) => (peer: RawPeer) => {
    peer.request(1, { end: false });
    peer.send(
      { type: FrameType.WINDOW_UPDATE, flags: 0, streamId },
      uint32(2 ** 31 - 1),
    );
  };
  assert.equal(await endOf(grow(0)), FLOW_CONTROL_ERROR);
  await using server = startServer((stream) => stream.closed);
  await using peer = await RawPeer.connect(server.port);
  grow(1)(peer);
  assert.equal(await peer.resetCode(), FLOW_CONTROL_ERROR);
  peer.request(3, { end: false });
  for (let count = 0; count < 5; count++) {
    peer.send(
      { type: FrameType.DATA, flags: 0, streamId: 3 },
      new Uint8Array(16_384),
    );
  }
  assert.equal(await peer.goAway(), FLOW_CONTROL_ERROR);
});

Deno.test("broken order and broken frames end the session", async () => {
  const cases: Record<string, [number, (peer: RawPeer) => void]> = {
    "push": [
      PROTOCOL_ERROR,
      (peer) =>
        peer.send({ type: FrameType.PUSH_PROMISE, flags: 4, streamId: 1 }),
    ],
    "even stream": [PROTOCOL_ERROR, (peer) => peer.request(2)],
    "data of nothing": [
      PROTOCOL_ERROR,
      (peer) => peer.send({ type: FrameType.DATA, flags: 0, streamId: 1 }),
    ],
    "reset of nothing": [
      PROTOCOL_ERROR,
      (peer) =>
        peer.send(
          { type: FrameType.RST_STREAM, flags: 0, streamId: 9 },
          uint32(0),
        ),
    ],
    "ping inside a block": [PROTOCOL_ERROR, (peer) => {
      peer.send({ type: FrameType.HEADERS, flags: 0, streamId: 1 });
      peer.send(
        { type: FrameType.PING, flags: 0, streamId: 0 },
        new Uint8Array(8),
      );
    }],
    "short ping": [
      Http2Code.FRAME_SIZE_ERROR,
      (peer) => peer.send({ type: FrameType.PING, flags: 0, streamId: 0 }),
    ],
    "too long": [
      Http2Code.FRAME_SIZE_ERROR,
      (peer) =>
        peer.send(
          { type: FrameType.DATA, flags: 0, streamId: 1 },
          new Uint8Array(16_385),
        ),
    ],
    "not a block": [
      Http2Code.COMPRESSION_ERROR,
      (peer) =>
        peer.send(
          { type: FrameType.HEADERS, flags: Flag.END_HEADERS, streamId: 1 },
          Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
    ],
    "a stream again": [Http2Code.STREAM_CLOSED, (peer) => {
      peer.request(5);
      peer.request(1);
    }],
  };
  for (const [name, [code, attack]] of Object.entries(cases)) {
    assert.equal(await endOf(attack), code, name);
  }
});

Deno.test("malformed requests are reset, and the session goes on", async () => {
  const [method, scheme, authority, path] = REQUEST;
  const malformed = [
    [method, scheme, authority],
    [method, scheme, path, path],
    [...REQUEST, ["Upper", "case"]],
    [...REQUEST, ["connection", "close"]],
    [...REQUEST, ["te", "gzip"]],
    [...REQUEST, ["x", "line\r\nfeed"]],
    [...REQUEST, ["x", "y"], [":path", "/"]],
    [...REQUEST, [":unknown", "x"]],
    [...REQUEST, ["content-length", "-1"]],
    [...REQUEST, ["content-length", "5"]], // and no body
  ] as const;
  await using server = startServer();
  await using peer = await RawPeer.connect(server.port);
  let id = 1;
  for (const fields of malformed) {
    peer.request(id, { fields });
    assert.equal(await peer.resetCode(), PROTOCOL_ERROR, String(fields.at(-1)));
    id += 2;
  }
  peer.request(id);
  const answer = await peer.nextOf(FrameType.HEADERS);
  assert.equal(answer?.header.streamId, id);
});

Deno.test("windows follow SETTINGS, also below zero", async () => {
  await using server = startServer(async (stream) => {
    stream.sendHeaders([[":status", "200"]]);
    await stream.write(new Uint8Array(200), { end: true });
  });
  const window = (size: number) => Uint8Array.from([0, 4, 0, 0, 0, size]);
  await using peer = await RawPeer.connect(server.port, window(100));
  peer.request(1);
  const first = await peer.nextOf(FrameType.DATA);
  assert.equal(first?.payload.length, 100);
  const settings = { type: FrameType.SETTINGS, flags: 0, streamId: 0 };
  peer.send(settings, window(40)); // 60 below zero
  peer.send(settings, window(140)); // 40 above
  const second = await peer.nextOf(FrameType.DATA);
  assert.equal(second?.payload.length, 40);
  peer.send(
    { type: FrameType.WINDOW_UPDATE, flags: 0, streamId: 1 },
    uint32(60),
  );
  const third = await peer.nextOf(FrameType.DATA);
  assert.equal(third?.payload.length, 60);
  assert.equal(third?.header.flags, Flag.END_STREAM);
});

Deno.test("too many streams at a time are refused", async () => {
  await using server = startServer(echo, { maxConcurrentStreams: 2 });
  await using peer = await RawPeer.connect(server.port);
  for (const id of [1, 3, 5]) peer.request(id, { end: false });
  const refused = await peer.nextOf(FrameType.RST_STREAM);
  assert.equal(refused?.header.streamId, 5);
});
