/**
 * For tests of HTTP/2: a server on loopback, and a peer that writes frames by
 * hand.
 *
 * @module
 */

import { webCredentials } from "../../tests/xftp/web_credentials.ts";
import { type Connection, dialTls, listenTls } from "../transport/mod.ts";
import { makeCredentials } from "../transport/testing.ts";
import {
  CLIENT_PREFACE,
  decodeFrameHeader,
  encodeFrame,
  Flag,
  FRAME_HEADER,
  type FrameHeader,
  FrameType,
  readUint32,
} from "./frames.ts";
import { HpackEncoder } from "./hpack/mod.ts";
import { type Http2Limits, type Http2Session, serveHttp2 } from "./mod.ts";
import type { HeaderField, Http2Stream } from "./stream.ts";

/** Limits of sessions in tests. */
export const LIMITS: Http2Limits = {
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  maxConcurrentStreams: 16,
  maxHeaderListSize: 16 * 1024,
  maxIdleFrames: 100,
  writeStallMs: 10_000,
};

/** Fields of a plain request. */
export const REQUEST: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/"],
];

/** Answers with the body of the request. */
export async function echo(stream: Http2Stream): Promise<void> {
  stream.sendHeaders([[":status", "200"]]);
  for (;;) {
    const piece = await stream.read();
    if (piece === undefined) break;
    await stream.write(piece);
  }
  await stream.write(new Uint8Array(0), { end: true });
}

/** A server on loopback. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly sessions: readonly Http2Session[];
  /** What handlers threw, other than broken streams. */
  readonly errors: readonly unknown[];
}

const credentials = await makeCredentials("ED25519");
const web = { credentials: await webCredentials(), alpn: ["h2"] };

/** Serves each connection with `onStream`. */
export function startServer(
  onStream: (stream: Http2Stream) => Promise<void> = echo,
  limits: Partial<Http2Limits> = {},
): TestServer {
  const sessions: Http2Session[] = [];
  const errors: unknown[] = [];
  const listener = listenTls({
    addresses: [{ hostname: "127.0.0.1", port: 0 }],
    credentials,
    web,
    alpn: ["h2"],
    onConnection: async (connection) => {
      const session = serveHttp2(connection, {
        limits: { ...LIMITS, ...limits },
        onStream,
        onError: (error) => errors.push(error),
      });
      sessions.push(session);
      await session.ended;
    },
    onHandlerError: (error) => errors.push(error),
  });
  return {
    port: listener.addresses[0].port,
    sessions,
    errors,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.abort();
      await listener.stop();
    },
  };
}

/** Writes frames as it likes. */
export class RawPeer implements AsyncDisposable {
  readonly connection: Connection;
  readonly #encoder = new HpackEncoder();

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Connects and sends the preface and SETTINGS with this payload. */
  static async connect(
    port: number,
    settings: Uint8Array = new Uint8Array(0),
  ): Promise<RawPeer> {
    const peer = new RawPeer(
      await dialTls("127.0.0.1", port, { alpn: ["h2"] }),
    );
    peer.connection.write(CLIENT_PREFACE);
    peer.send({ type: FrameType.SETTINGS, flags: 0, streamId: 0 }, settings);
    return peer;
  }

  send(
    header: Omit<FrameHeader, "length">,
    payload: Uint8Array = new Uint8Array(0),
  ): void {
    this.connection.write(encodeFrame(header, payload));
  }

  /** HEADERS of a request. */
  request(
    streamId: number,
    { end = true, fields = REQUEST }: {
      end?: boolean;
      fields?: readonly HeaderField[];
    } = {},
  ): void {
    this.send({
      type: FrameType.HEADERS,
      flags: Flag.END_HEADERS | (end ? Flag.END_STREAM : 0),
      streamId,
    }, this.#encoder.encode(fields));
  }

  /** The next frame, or `undefined` when the server has hung up. */
  async next(): Promise<
    { header: FrameHeader; payload: Uint8Array } | undefined
  > {
    const head = new Uint8Array(FRAME_HEADER);
    if (!await this.connection.readFull(head)) return undefined;
    const header = decodeFrameHeader(head);
    const payload = new Uint8Array(header.length);
    if (!await this.connection.readFull(payload)) return undefined;
    return { header, payload };
  }

  /** The next frame of this type, or `undefined`. */
  async nextOf(type: number) {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined || frame.header.type === type) return frame;
    }
  }

  /** Code of the GOAWAY, after which the server has hung up. */
  async goAway(): Promise<number | undefined> {
    const frame = await this.nextOf(FrameType.GOAWAY);
    while (await this.next() !== undefined);
    return frame && readUint32(frame.payload, 4);
  }

  /** Code of the next RST_STREAM. */
  async resetCode(): Promise<number | undefined> {
    const frame = await this.nextOf(FrameType.RST_STREAM);
    return frame && readUint32(frame.payload, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await Promise.resolve();
  }
}
