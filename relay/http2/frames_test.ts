import assert from "node:assert/strict";
import { SeededRandom } from "../../tests/seeded_random.ts";
import { Http2Error } from "./errors.ts";
import { FrameReader } from "./frame_reader.ts";
import {
  decodeFrameHeader,
  encodeFrame,
  encodeHeaderFrames,
  Flag,
  FRAME_HEADER,
  FrameType,
  stripPadding,
} from "./frames.ts";

interface Found {
  readonly type: number;
  readonly streamId: number;
  readonly payload: number[];
}

/** Reads frames out of bytes that come in the given portions. */
function reader(): { found: Found[]; push: (bytes: Uint8Array) => void } {
  const found: Found[] = [];
  let data: Found | undefined;
  const frames = new FrameReader({
    frame: ({ type, streamId }, payload) =>
      found.push({ type, streamId, payload: [...payload] }),
    dataBegins: ({ type, streamId }) => data = { type, streamId, payload: [] },
    data: (bytes) => data?.payload.push(...bytes),
    dataEnds: () => data && found.push(data),
  });
  return { found, push: (bytes) => frames.push(bytes) };
}

Deno.test("frames are found however their bytes are cut", () => {
  const random = new SeededRandom(9113);
  for (let round = 0; round < 200; round++) {
    const sent: Found[] = [];
    const bytes: number[] = [];
    for (let count = 0; count < 8; count++) {
      const data = random.below(2) === 0;
      const payload = random.bytes(random.below(300));
      const frame = {
        type: data ? FrameType.DATA : FrameType.HEADERS,
        streamId: 1 + 2 * random.below(1000),
      };
      sent.push({ ...frame, payload: [...payload] });
      const padding = data && random.below(2) === 0 ? random.below(40) : -1;
      const padded = padding < 0 ? payload : Uint8Array.from(
        [padding, ...payload, ...new Uint8Array(padding)],
      );
      const flags = padding < 0 ? 0 : Flag.PADDED;
      bytes.push(...encodeFrame({ ...frame, flags }, padded));
    }
    const { found, push } = reader();
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + random.below(200);
      push(Uint8Array.from(bytes.slice(at, end)));
      at = end;
    }
    assert.deepEqual(found, sent);
  }
});

Deno.test("changed frames end in nothing but an Http2Error", () => {
  const random = new SeededRandom(7540);
  const types = Object.values(FrameType);
  for (let round = 0; round < 5000; round++) {
    const frame = encodeFrame({
      type: types[random.below(types.length)],
      flags: random.below(256),
      streamId: random.below(4),
    }, random.bytes(random.below(20)));
    const { push } = reader();
    try {
      push(random.mutate(frame));
      push(random.mutate(frame));
    } catch (error) {
      assert.ok(error instanceof Http2Error, String(error));
    }
  }
});

Deno.test("padding and priority are taken off, too much is refused", () => {
  const header = { type: FrameType.HEADERS, streamId: 1, length: 0 };
  const flags = Flag.PADDED | Flag.PRIORITY;
  const payload = Uint8Array.from([2, 0, 0, 0, 0, 9, 7, 8, 0, 0]);
  assert.deepEqual(
    [...stripPadding(payload, { ...header, flags })],
    [7, 8],
  );
  assert.throws(
    () => stripPadding(Uint8Array.from([9, 1]), { ...header, flags: 8 }),
    Http2Error,
  );
  assert.throws(
    () => stripPadding(new Uint8Array(0), { ...header, flags: 8 }),
    Http2Error,
  );
});

Deno.test("long header blocks go on in CONTINUATION", () => {
  const options = { streamId: 5, end: true, maxFrameSize: 100 };
  for (const size of [0, 1, 100, 101, 250]) {
    const block = new Uint8Array(size).fill(1);
    const frames = encodeHeaderFrames(block, options);
    assert.equal(frames.length, Math.max(1, Math.ceil(size / 100)));
    const headers = frames.map((frame) => decodeFrameHeader(frame));
    assert.equal(headers[0].type, FrameType.HEADERS);
    assert.equal(headers[0].flags & Flag.END_STREAM, Flag.END_STREAM);
    const ends = headers.map(({ flags }) => flags & Flag.END_HEADERS);
    assert.equal(ends.filter((flag) => flag !== 0).length, 1);
    assert.notEqual(ends.at(-1), 0);
    const parts = frames.flatMap((frame) => [...frame.slice(FRAME_HEADER)]);
    assert.equal(parts.length, size);
  }
});
