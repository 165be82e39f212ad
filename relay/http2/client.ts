/**
 * The side that asks.
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { closedError, Http2Code, Http2Error } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { checkFields } from "./fields.ts";
import { CLIENT_PREFACE, MAX_31_BITS } from "./frames.ts";
import type { HeaderBlock } from "./header_blocks.ts";
import { Session } from "./session.ts";
import type {
  HeaderField,
  Http2ClientSession,
  Http2Limits,
  Http2Stream,
} from "./stream.ts";

/** Speaks HTTP/2 over a connection, which it closes in the end. */
export function connectHttp2(
  connection: Connection,
  options: { readonly limits: Http2Limits },
): Http2ClientSession {
  return new ClientSession(connection, options.limits);
}

class ClientSession extends Session implements Http2ClientSession {
  protected override readonly asks = true;

  constructor(connection: Connection, limits: Http2Limits) {
    super(connection, limits);
    this.start(CLIENT_PREFACE);
  }

  request(
    fields: readonly HeaderField[],
    options: { readonly end?: boolean } = {},
  ): Http2Stream {
    const { last } = this.streams;
    const id = last === 0 ? 1 : last + 2;
    if (!this.open || id > MAX_31_BITS) throw closedError();
    if (this.streams.size >= this.peer.maxConcurrentStreams) {
      throw new Http2Error("refused", "The peer takes no more streams now", {
        code: Http2Code.REFUSED_STREAM,
      });
    }
    const window = this.peer.initialWindow;
    const stream = new Exchange(this, { id, window });
    this.streams.add(stream);
    stream.sendHeaders(fields, options);
    return stream;
  }

  protected override receiveBlock(
    { streamId, end, fields }: HeaderBlock,
  ): void {
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      this.streams.checkGone(streamId);
      this.spend();
      return;
    }
    if (stream.remoteEnded) {
      stream.violated(Http2Code.STREAM_CLOSED);
      return;
    }
    const part = stream.begun ? "trailers" : "response";
    const message = fields && checkFields(fields, part);
    if (message === undefined) {
      this.spend();
      stream.violated(Http2Code.PROTOCOL_ERROR);
      return;
    }
    const { status = 0 } = message;
    if (part === "trailers" ? !end : status === 101) {
      stream.violated(Http2Code.PROTOCOL_ERROR);
      return;
    }
    if (part === "response") {
      if (status < 200 && !end) {
        this.spend(); // Interim: the response is to come.
        return;
      }
      stream.receiveMessage(message);
    }
    if (end) stream.receiveEnd();
  }
}
