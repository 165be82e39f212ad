import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { MuxError, type MuxErrorKind } from "./errors.ts";
import {
  Flag,
  FrameType,
  HEADER_SIZE,
  INITIAL_WINDOW,
  MAX_PAYLOAD,
  writeHeader,
} from "./frames.ts";
import { Link } from "./link.ts";
import { LinkMemory } from "./link_memory.ts";
import { ReceiveWindow, WindowBudget } from "./receive_window.ts";
import type { MuxStream } from "./stream.ts";
import { connectionPair, linkPair } from "./testing.ts";

const text = new TextEncoder();

Deno.test("A stream carries bytes both ways and ends in each by itself", async () => {
  await using pair = await linkPair({ server: { onStream: echo } });
  const stream = pair.client.openStream();
  await stream.write(text.encode("hello"));
  await stream.closeWrite();
  strictEqual(new TextDecoder().decode(await readAll(stream)), "hello");
  ok(stream.over);
  strictEqual(pair.client.streams, 0);
});

Deno.test("Much data on many streams arrives as it was sent", async () => {
  await using pair = await linkPair({ server: { onStream: echo } });
  const random = new SeededRandom(1);
  await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    const sent = random.bytes(100_000 + 37 * index);
    const stream = pair.client.openStream();
    const received = readAll(stream);
    for (let at = 0; at < sent.length;) {
      const size = 1 + random.below(70_000);
      at += await stream.write(sent.subarray(at, at + size));
    }
    await stream.closeWrite();
    deepStrictEqual(await received, sent);
  }));
});

Deno.test("Either end opens streams", async () => {
  const opened = Promise.withResolvers<MuxStream>();
  await using pair = await linkPair({
    client: { onStream: (stream) => opened.resolve(stream) },
  });
  const stream = pair.server.openStream({ announce: true });
  strictEqual(stream.id, 2);
  const other = await opened.promise;
  await other.write(text.encode("x"));
  deepStrictEqual(await take(stream), text.encode("x"));
});

Deno.test("A stream that nobody reads stops its sender, and no other", async () => {
  const streams: MuxStream[] = [];
  await using pair = await linkPair({
    server: {
      onStream(stream) {
        streams.push(stream);
        if (stream.id !== 1) echo(stream);
      },
    },
  });
  const stalled = pair.client.openStream();
  const stuck = stalled.write(new Uint8Array(10 * INITIAL_WINDOW));
  const other = pair.client.openStream();
  const answer = readAll(other);
  await other.write(new Uint8Array(2_000_000));
  await other.closeWrite();
  strictEqual((await answer).length, 2_000_000);
  strictEqual(streams[0].unread, INITIAL_WINDOW);
  stalled.close();
  await rejects(stuck, isMuxError("closed"));
});

Deno.test("Single bytes that nobody reads take little memory", async () => {
  const opened = Promise.withResolvers<MuxStream>();
  await using pair = await linkPair({
    server: { onStream: (stream) => opened.resolve(stream) },
  });
  const stream = pair.client.openStream();
  for (let count = 0; count < 9000; count++) {
    await stream.write(new Uint8Array([count]));
  }
  await stream.closeWrite();
  const far = await opened.promise;
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await take(far);
    if (piece === null) break;
    pieces.push(piece);
  }
  const sent = Uint8Array.from({ length: 9000 }, (_, index) => index);
  deepStrictEqual(joined(pieces), sent);
});

Deno.test("When too much waits unread, the stream that holds most is broken off", async () => {
  const streams: MuxStream[] = [];
  await using pair = await linkPair({
    server: { maxUnread: 100_000, onStream: (stream) => streams.push(stream) },
  });
  const small = pair.client.openStream();
  await small.write(new Uint8Array(10_000));
  const large = pair.client.openStream();
  await large.write(new Uint8Array(200_000));
  await rejects(large.next(), isMuxError("reset"));
  ok(!small.over);
  strictEqual(streams[0].unread, 10_000);
});

Deno.test("Where much waits, streams that are read slowly get less room, and none ends", async () => {
  const streams: MuxStream[] = [];
  await using pair = await linkPair({
    server: {
      maxUnread: 3_000_000,
      onStream: (stream) => streams.push(stream),
    },
  });
  const sent = 2_000_000;
  const writing = Promise.all(Array.from({ length: 8 }, async () => {
    const stream = pair.client.openStream();
    await stream.write(new Uint8Array(sent));
    await stream.closeWrite();
  }));
  writing.catch(() => {/* Told below. */});
  const all = () => streams.reduce((sum, { unread }) => sum + unread, 0);
  while (all() < 8 * INITIAL_WINDOW) await pair.client.probe(10_000);
  ok(pair.server.scarce);
  const left = new Set(streams.map((stream) => ({ stream, size: 0 })));
  let peak = 0;
  while (left.size > 0) {
    for (const each of left) {
      const piece = await take(each.stream);
      each.size += piece?.length ?? 0;
      if (piece === null) left.delete(each);
      if (piece === null) strictEqual(each.size, sent);
    }
    if (left.size === 8) peak = Math.max(peak, pair.server.unread);
  }
  ok(peak < 3_000_000);
  await writing;
});

Deno.test("Where much waits, a stream that is read at once keeps its room", () => {
  const budget = new WindowBudget(4 * INITIAL_WINDOW);
  const at = { rttMs: 60, scarce: true };
  const fast = new ReceiveWindow(budget, 0);
  ok(fast.receive(INITIAL_WINDOW / 2));
  // Read at once, within two round trips: it grows all the same.
  strictEqual(fast.update(0, { ...at, now: 50 }), 1.5 * INITIAL_WINDOW);
  const slow = new ReceiveWindow(budget, 0);
  ok(slow.receive(INITIAL_WINDOW));
  strictEqual(slow.update(INITIAL_WINDOW / 2, { ...at, now: 1000 }), 0);
  strictEqual(slow.update(0, { ...at, now: 2000 }), INITIAL_WINDOW / 2);
  // What was taken is given back, and no more.
  fast.release();
  slow.release();
  ok(budget.take(INITIAL_WINDOW));
  ok(!budget.take(INITIAL_WINDOW));
});

Deno.test("Links that share a bound give way in turn, the largest first", async () => {
  const memory = new LinkMemory(200_000);
  const streams: MuxStream[] = [];
  const server = {
    memory,
    onStream: (stream: MuxStream) => void streams.push(stream),
  };
  await using first = await linkPair({ server });
  await using second = await linkPair({ server });
  const small = first.client.openStream();
  await small.write(new Uint8Array(60_000));
  const large = second.client.openStream();
  await large.write(new Uint8Array(250_000));
  await rejects(large.next(), isMuxError("reset"));
  ok(!small.over);
  ok(memory.held <= 200_000);
  first.server.abort();
  strictEqual(memory.held, 0);
});

Deno.test("What has ended and is not read counts until it is given up", async () => {
  const streams: MuxStream[] = [];
  await using pair = await linkPair({
    server: { onStream: (stream) => streams.push(stream) },
  });
  const stream = pair.client.openStream();
  await stream.write(new Uint8Array(100_000));
  await stream.closeWrite();
  await pair.client.probe(10_000);
  await streams[0].closeWrite();
  ok(streams[0].over);
  ok(pair.server.unread >= 100_000);
  strictEqual(pair.server.streams, 1);
  streams[0].close();
  strictEqual(pair.server.unread, 0);
  strictEqual(pair.server.streams, 0);
});

Deno.test("Frames without bytes are no bytes", async () => {
  await using pair = await connectionPair();
  const opened = Promise.withResolvers<MuxStream>();
  const link = new Link(pair.server, {
    role: "server",
    onStream: (stream) => opened.resolve(stream),
  });
  pair.client.write(frame(FrameType.data, Flag.syn, 1, 0));
  const buffer = new Uint8Array(4);
  const reading = (await opened.promise).read(buffer);
  pair.client.write(joined([
    frame(FrameType.data, 0, 1, 0),
    frame(FrameType.data, 0, 1, 1),
    Uint8Array.of(7),
  ]));
  strictEqual(await reading, 1);
  strictEqual(link.unread, 0);
  link.abort();
  await link.ended;
});

Deno.test("Breaking a stream off is told to the peer", async () => {
  const opened = Promise.withResolvers<MuxStream>();
  await using pair = await linkPair({
    server: { onStream: (stream) => opened.resolve(stream) },
  });
  const stream = pair.client.openStream({ announce: true });
  const reading = (await opened.promise).next();
  stream.close();
  await rejects(reading, isMuxError("reset"));
  strictEqual(pair.server.streams, 0);
});

Deno.test("More streams than allowed are refused, and the link goes on", async () => {
  await using pair = await linkPair({
    server: { maxStreams: 2, onStream: echo },
  });
  const streams = [1, 2, 3].map(() =>
    pair.client.openStream({ announce: true })
  );
  await rejects(streams[2].next(), isMuxError("reset"));
  await streams[0].write(text.encode("on"));
  deepStrictEqual(await take(streams[0]), text.encode("on"));
});

Deno.test("A link that drains lets streams finish and takes no new ones", async () => {
  await using pair = await linkPair({ server: { onStream: echo } });
  const stream = pair.client.openStream();
  await stream.write(text.encode("last"));
  await stream.next();
  const drained = pair.server.drain(10_000);
  await stream.write(text.encode("words"));
  deepStrictEqual(await take(stream), text.encode("words"));
  ok(!pair.client.open);
  let error: unknown;
  try {
    pair.client.openStream();
  } catch (thrown) {
    error = thrown;
  }
  ok(isMuxError("refused")(error));
  await stream.closeWrite();
  strictEqual(await stream.next(), null);
  await drained;
  await pair.client.ended;
});

Deno.test("A peer that falls silent is noticed", async () => {
  await using pair = await connectionPair();
  const link = new Link(pair.client, {
    role: "client",
    pingMs: 20,
    deadMs: 100,
  });
  const stream = link.openStream();
  await rejects(stream.next(), isMuxError("dead"));
  await link.ended;
});

Deno.test("Asking a silent peer ends the link in time", async () => {
  await using pair = await connectionPair();
  const link = new Link(pair.client, { role: "client" });
  await rejects(link.probe(50), isMuxError("dead"));
  await link.ended;
});

Deno.test("Asking a peer that is there measures the round trip", async () => {
  await using pair = await linkPair();
  await pair.client.probe(10_000);
  ok(pair.client.rttMs > 0 && pair.client.rttMs < 10_000);
});

Deno.test("The end of the connection ends the streams", async () => {
  await using pair = await linkPair({ server: { onStream: () => {} } });
  const stream = pair.client.openStream({ announce: true });
  const reading = stream.next();
  pair.server.abort();
  await rejects(reading, isMuxError("lost"));
});

const frame = (
  type: number,
  flags: number,
  streamId: number,
  length: number,
) => {
  const bytes = new Uint8Array(HEADER_SIZE);
  writeHeader(bytes, { type, flags, streamId, length });
  return bytes;
};

const violations: Record<string, Uint8Array<ArrayBuffer>> = {
  "another version": Uint8Array.from([1, ...new Uint8Array(11)]),
  "an unknown type": frame(4, 0, 1, 0),
  "a payload that is too large": frame(
    FrameType.data,
    Flag.syn,
    1,
    MAX_PAYLOAD + 1,
  ),
  "data of stream 0": frame(FrameType.data, Flag.syn, 0, 0),
  "a stream of the other's": frame(FrameType.window, Flag.syn, 2, 0),
  "more room than there can be": joined([
    frame(FrameType.window, Flag.syn, 1, 0x7fff_ffff),
    frame(FrameType.window, 0, 1, 0x7fff_ffff),
  ]),
  "the same stream twice": joined([
    frame(FrameType.window, Flag.syn, 1, 0),
    frame(FrameType.window, Flag.syn, 1, 0),
  ]),
  "data beyond the window": joined(
    Array.from({ length: 9 }, (_, index) =>
      joined([
        frame(FrameType.data, index === 0 ? Flag.syn : 0, 1, MAX_PAYLOAD),
        new Uint8Array(MAX_PAYLOAD),
      ])),
  ),
};

for (const [name, bytes] of Object.entries(violations)) {
  Deno.test(`The link ends at ${name}`, async () => {
    await using pair = await connectionPair();
    const link = new Link(pair.server, { role: "server", onStream: () => {} });
    pair.client.write(bytes);
    await link.ended;
    strictEqual(link.error?.kind, "protocol");
  });
}

Deno.test("Bytes in any portions mean the same, and noise ends the link only", async () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 20; round++) {
    await using pair = await connectionPair();
    const link = new Link(pair.server, { role: "server", onStream: echo });
    const good = joined([
      frame(FrameType.window, Flag.syn, 1, 0),
      frame(FrameType.data, 0, 1, 5),
      text.encode("hello"),
      frame(FrameType.ping, Flag.syn, 0, 77),
    ]);
    const bytes = round < 10
      ? good
      : new Uint8Array(random.mutate(joined([good, good, good])));
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(9);
      pair.client.write(bytes.subarray(at, at + size));
      at += size;
    }
    if (round < 10) {
      const answer = await readUntil(pair.client, "hello");
      ok(answer);
    }
    await pair.client.close();
    await link.ended;
    ok(link.error !== undefined);
  }
});

/** The next bytes, copied. */
async function take(stream: MuxStream): Promise<Uint8Array | null> {
  const piece = await stream.next();
  const bytes = piece && piece.bytes.slice();
  piece?.release();
  return bytes;
}

/** Sends back what comes, and ends with the peer. */
function echo(stream: MuxStream): void {
  void (async () => {
    for (;;) {
      const piece = await stream.next();
      if (piece === null) break;
      await stream.write(piece.bytes);
      piece.release();
    }
    await stream.closeWrite();
  })().catch((error) => {
    if (!(error instanceof MuxError)) throw error;
  });
}

async function readAll(stream: MuxStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(5000);
  for (;;) {
    const size = await stream.read(buffer);
    if (size === null) return joined(pieces);
    pieces.push(buffer.slice(0, size));
  }
}

async function readUntil(
  connection: { read(): Promise<Uint8Array | undefined> },
  wanted: string,
): Promise<boolean> {
  let seen = "";
  while (!seen.includes(wanted)) {
    const view = await connection.read();
    if (view === undefined) return false;
    seen += new TextDecoder("latin1").decode(view);
  }
  return true;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

function isMuxError(kind: MuxErrorKind) {
  return (error: unknown) => error instanceof MuxError && error.kind === kind;
}
