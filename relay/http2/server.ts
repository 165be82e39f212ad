/**
 * The side that is asked.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { connectionError, Http2Code, Http2Error } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { checkFields } from "./fields.ts";
import { CLIENT_PREFACE, encodeReset } from "./frames.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import { Session } from "./session.ts";
import type { Http2Limits, Http2Session, Http2Stream } from "./stream.ts";

/** How a connection is served. */
export interface ServeHttp2Options {
  readonly limits: Http2Limits;
  /**
   * Handles a request. When it is done its stream is reset, unless it is over.
   */
  readonly onStream: (stream: Http2Stream) => Promise<void>;
  /**
   * Told what `onStream` rejects with, but not of requests that were broken
   * off; must not throw.
   */
  readonly onError: (error: unknown) => void;
}

/** Serves HTTP/2 over a connection, which it closes in the end. */
export function serveHttp2(
  connection: Connection,
  options: ServeHttp2Options,
): Http2Session {
  return new ServerSession(connection, options);
}

class ServerSession extends Session {
  protected override readonly asks = false;
  readonly #options: ServeHttp2Options;
  readonly #handlers = new Set<Promise<void>>();
  #prefaceTaken = 0;

  constructor(connection: Connection, options: ServeHttp2Options) {
    super(connection, options.limits);
    this.#options = options;
    this.start();
  }

  protected override takePreface(bytes: Uint8Array): Uint8Array {
    const left = CLIENT_PREFACE.length - this.#prefaceTaken;
    if (left === 0) return bytes;
    const part = bytes.subarray(0, left);
    for (const [index, byte] of part.entries()) {
      if (byte !== CLIENT_PREFACE[this.#prefaceTaken + index]) {
        throw connectionError("PROTOCOL_ERROR", "This is not HTTP/2");
      }
    }
    this.#prefaceTaken += part.length;
    return bytes.subarray(part.length);
  }

  protected override async settled(): Promise<void> {
    await Promise.all(this.#handlers);
  }

  protected override receiveBlock(block: HeaderBlock): void {
    const { streamId } = block;
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.#receiveTrailers(stream, block);
    else if (streamId % 2 === 1 && streamId > this.streams.last) {
      this.#receiveRequest(block);
    } else {
      // Of a stream that we have reset: the client did not know yet.
      this.streams.checkGone(streamId);
      this.spend();
    }
  }

  #receiveTrailers(stream: Exchange, { end, fields }: HeaderBlock): void {
    if (stream.remoteEnded) stream.violated(Http2Code.STREAM_CLOSED);
    else if (!end || !fields || !checkFields(fields, "trailers")) {
      stream.violated(Http2Code.PROTOCOL_ERROR);
    } else stream.receiveEnd();
  }

  #receiveRequest({ streamId, end, fields }: HeaderBlock): void {
    const most = this.limits.maxConcurrentStreams;
    // Those who handle streams that were broken off count as well: a client
    // must not have more work done by breaking off (CVE-2023-44487).
    const full = this.streams.size >= most || this.#handlers.size >= 2 * most;
    if (!this.open || full) {
      this.#refuse(streamId, Http2Code.REFUSED_STREAM);
      return;
    }
    const message = fields && checkFields(fields, "request");
    if (!message) {
      this.#refuse(
        streamId,
        fields ? Http2Code.PROTOCOL_ERROR : Http2Code.ENHANCE_YOUR_CALM,
      );
      return;
    }
    const window = this.peer.initialWindow;
    const stream = new Exchange(this, { id: streamId, window });
    this.streams.add(stream);
    stream.receiveMessage(message);
    if (end) stream.receiveEnd();
    if (!stream.open) return;
    const handler = this.#handle(stream);
    this.#handlers.add(handler);
    void handler.then(() => this.#handlers.delete(handler));
  }

  #refuse(streamId: number, code: number): void {
    this.spend();
    this.streams.last = streamId;
    this.streams.rememberReset(streamId);
    this.output.steer(encodeReset(streamId, code));
  }

  async #handle(stream: Exchange): Promise<void> {
    try {
      await this.#options.onStream(stream);
    } catch (error) {
      if (!(error instanceof Http2Error)) this.#options.onError(error);
    }
    stream.dismiss();
  }
}
