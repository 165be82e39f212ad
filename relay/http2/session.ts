/**
 * What sessions of both sides do: they read frames, keep streams and windows,
 * and end (RFC 9113).
 *
 * @module
 */

import type { Connection } from "../transport/connection.ts";
import { Budget } from "./budget.ts";
import {
  closedError,
  connectionError,
  Http2Code,
  Http2Error,
} from "./errors.ts";
import type { Exchange, StreamHost } from "./exchange.ts";
import { ReceiveWindow } from "./flow_control.ts";
import { FrameReader, type FrameSink } from "./frame_reader.ts";
import {
  encodeFrame,
  encodeGoAway,
  encodeHeaderFrames,
  encodePing,
  encodeReset,
  encodeWindowUpdate,
  Flag,
  type FrameHeader,
  FrameType,
  readUint31,
  readUint32,
} from "./frames.ts";
import { type HeaderBlock, HeaderBlocks } from "./header_blocks.ts";
import { HpackEncoder } from "./hpack/mod.ts";
import { Output } from "./output.ts";
import {
  applySettings,
  DEFAULT_WINDOW,
  defaultSettings,
  encodeSettings,
  encodeSettingsAck,
} from "./settings.ts";
import { StreamTable } from "./stream_table.ts";
import type { HeaderField, Http2Limits, Http2Session } from "./stream.ts";

/** Time for the peer's SETTINGS and for its answer to ours, milliseconds. */
const SETTINGS_MS = 30_000;
/** Time for streams under way when the session is closed, milliseconds. */
const CLOSE_MS = 5_000;
/** Room in smaller portions than this is no use, bytes. */
const SMALL_INCREMENT = 256;
const NO_BYTES = new Uint8Array(0);

/** One end of a session. */
export abstract class Session implements Http2Session, FrameSink, StreamHost {
  readonly limits: Http2Limits;
  protected readonly streams = new StreamTable();
  protected readonly peer = defaultSettings();
  protected readonly output: Output;
  readonly #connection: Connection;
  readonly #reader = new FrameReader(this);
  readonly #blocks: HeaderBlocks;
  readonly #encoder = new HpackEncoder();
  readonly #budget: Budget;
  readonly #window = new ReceiveWindow(DEFAULT_WINDOW);
  readonly #ended = Promise.withResolvers<void>();
  #settingsTimer: ReturnType<typeof setTimeout> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #heardSettings = false;
  #heardAck = false;
  /** The stream of the DATA frame that is being read, if there is one. */
  #dataStream: Exchange | undefined;
  #dataEnds = false;
  /** No new streams. */
  #closing = false;
  #over = false;

  constructor(connection: Connection, limits: Http2Limits) {
    this.#connection = connection;
    this.limits = limits;
    this.output = new Output(connection);
    this.#blocks = new HeaderBlocks(limits.maxHeaderListSize);
    this.#budget = new Budget(limits.maxIdleFrames);
  }

  /** A complete header block on a stream; new ones are for the client side. */
  protected abstract receiveBlock(block: HeaderBlock): void;

  /** Takes bytes before the frames; returns what is left of them. */
  protected takePreface(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  /** Resolves when nobody handles streams any more. */
  protected settled(): Promise<void> {
    return Promise.resolve();
  }

  get open(): boolean {
    return !this.#closing && this.#connection.open;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.output.steer(encodeGoAway(this.#lastOfPeer, Http2Code.NO_ERROR));
      this.#closeTimer = setTimeout(() => this.abort(), CLOSE_MS);
    }
    this.#closeIfDone();
    return this.ended;
  }

  abort(): void {
    this.#closing = true;
    this.#connection.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sends SETTINGS behind `preface`, and reads until the end. */
  protected start(preface: Uint8Array = NO_BYTES): void {
    const { connectionWindow } = this.limits;
    if (preface.length > 0) this.output.steer(preface.slice());
    this.output.steer(encodeSettings(this.limits));
    const more = this.#window.grow(connectionWindow);
    if (more > 0) this.output.steer(encodeWindowUpdate(0, more));
    this.#settingsTimer = setTimeout(() => {
      this.#goAway(Http2Code.SETTINGS_TIMEOUT);
      this.abort();
    }, SETTINGS_MS);
    void this.#run();
  }

  async #run(): Promise<void> {
    let cause: unknown;
    try {
      for (;;) {
        const bytes = await this.#connection.read();
        if (bytes === undefined) break;
        this.#reader.push(this.takePreface(bytes));
      }
    } catch (error) {
      cause = error;
      const code = error instanceof Http2Error
        ? error.code
        : Http2Code.INTERNAL_ERROR;
      this.#goAway(code);
    }
    this.#closing = true;
    this.#over = true;
    clearTimeout(this.#settingsTimer);
    clearTimeout(this.#closeTimer);
    const error = closedError(cause);
    for (const stream of this.streams.all()) stream.fail(error);
    this.output.stop();
    await this.#connection.close();
    await this.settled();
    this.#ended.resolve();
  }

  #goAway(code: number): void {
    this.output.steer(encodeGoAway(this.#lastOfPeer, code));
    this.output.flush();
  }

  /** The last stream of the peer's that we know of. */
  get #lastOfPeer(): number {
    return this.asks ? 0 : this.streams.last;
  }

  /** Closes the connection when the session is and its streams are over. */
  #closeIfDone(): void {
    if (!this.#closing) return;
    // The last frame of the last stream may be just being sent.
    queueMicrotask(() => {
      if (this.#over || this.streams.size > 0) return;
      this.output.flush();
      void this.#connection.close();
    });
  }

  // Frames

  frame(header: FrameHeader, payload: Uint8Array): void {
    this.#checkOrder(header);
    const { type, streamId } = header;
    switch (type) {
      case FrameType.HEADERS:
        this.#receiveBlock(this.#blocks.begin(header, payload));
        break;
      case FrameType.CONTINUATION:
        if (payload.length === 0) this.spend();
        this.#receiveBlock(this.#blocks.continue(header, payload));
        break;
      case FrameType.RST_STREAM:
        this.#receiveReset(streamId, readUint32(payload, 0));
        break;
      case FrameType.SETTINGS:
        this.#receiveSettings(header, payload);
        break;
      case FrameType.PING:
        this.spend();
        if ((header.flags & Flag.ACK) === 0) {
          this.output.steer(encodePing(payload, { ack: true }));
        }
        break;
      case FrameType.GOAWAY:
        this.#receiveGoAway(readUint31(payload, 0));
        break;
      case FrameType.WINDOW_UPDATE:
        this.#receiveWindow(streamId, readUint31(payload, 0));
        break;
      case FrameType.PRIORITY:
        this.spend();
        if (payload.length !== 5) {
          throw connectionError("FRAME_SIZE_ERROR", "PRIORITY has 5 bytes");
        }
        break;
      default: // Unknown frames are passed over (section 5.5).
        this.spend();
    }
  }

  dataBegins(header: FrameHeader): void {
    this.#checkOrder(header);
    const { streamId, length, flags } = header;
    if (!this.#window.receive(length)) throw windowError();
    this.#dataEnds = (flags & Flag.END_STREAM) !== 0;
    if (length === 0 && !this.#dataEnds) this.spend();
    const stream = this.streams.get(streamId);
    this.#dataStream = stream;
    if (stream === undefined) {
      this.streams.checkGone(streamId);
      if (length === 0) this.spend();
      return;
    }
    if (stream.remoteEnded) {
      stream.violated(Http2Code.STREAM_CLOSED);
    } else if (!stream.begun) {
      stream.violated(Http2Code.PROTOCOL_ERROR);
    } else if (!stream.receiveWindow.receive(length)) throw windowError();
  }

  data(bytes: Uint8Array): void {
    if (this.#dataStream === undefined) this.consumed(bytes.length);
    else this.#dataStream.receive(bytes);
  }

  dataEnds(padding: number): void {
    const stream = this.#dataStream;
    this.#dataStream = undefined;
    if (stream === undefined) {
      this.consumed(padding);
      return;
    }
    stream.receivePadding(padding);
    if (this.#dataEnds) stream.receiveEnd();
  }

  /** SETTINGS come first, and nothing comes between parts of a block. */
  #checkOrder({ type, flags, streamId }: FrameHeader): void {
    if (!this.#heardSettings) {
      const first = type === FrameType.SETTINGS && (flags & Flag.ACK) === 0;
      if (!first) {
        throw connectionError("PROTOCOL_ERROR", "SETTINGS are to come first");
      }
    }
    const { pending } = this.#blocks;
    if (pending === undefined) return;
    if (type !== FrameType.CONTINUATION || streamId !== pending) {
      throw connectionError("PROTOCOL_ERROR", "A header block is not complete");
    }
  }

  #receiveBlock(block: HeaderBlock | undefined): void {
    if (block !== undefined) this.receiveBlock(block);
  }

  #receiveReset(streamId: number, code: number): void {
    this.streams.checkBegun(streamId);
    this.spend();
    this.streams.get(streamId)?.fail(
      new Http2Error(
        code === Http2Code.REFUSED_STREAM ? "refused" : "reset",
        "The peer has reset the stream",
        { code },
      ),
    );
  }

  #receiveSettings({ flags }: FrameHeader, payload: Uint8Array): void {
    if ((flags & Flag.ACK) !== 0) {
      if (this.#heardAck) this.spend();
      this.#heardAck = true;
      clearTimeout(this.#settingsTimer);
      return;
    }
    if (this.#heardSettings) this.spend();
    this.#heardSettings = true;
    const before = this.peer.initialWindow;
    applySettings(this.peer, payload);
    this.#encoder.setMaxTableSize(this.peer.headerTableSize);
    this.output.steer(encodeSettingsAck());
    const change = this.peer.initialWindow - before;
    if (change === 0) return;
    for (const stream of this.streams.all()) {
      if (!stream.sendWindow.add(change)) throw windowError();
      if (stream.sendable > 0) this.output.add(stream);
    }
  }

  #receiveGoAway(lastStreamId: number): void {
    this.spend();
    this.#closing = true;
    for (const stream of this.streams.all()) {
      if (stream.id > lastStreamId && this.asks) {
        stream.fail(
          new Http2Error("refused", "The peer takes no more streams", {
            code: Http2Code.REFUSED_STREAM,
          }),
        );
      }
    }
    this.#closeIfDone();
  }

  #receiveWindow(streamId: number, increment: number): void {
    if (increment < SMALL_INCREMENT) this.spend();
    if (streamId === 0) {
      if (increment === 0) {
        throw connectionError("PROTOCOL_ERROR", "A window grows by nothing");
      }
      if (!this.output.window.add(increment)) throw windowError();
      this.output.flush();
      return;
    }
    this.streams.checkBegun(streamId);
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    if (increment === 0) stream.violated(Http2Code.PROTOCOL_ERROR);
    else if (!stream.sendWindow.add(increment)) {
      stream.violated(Http2Code.FLOW_CONTROL_ERROR);
    } else if (stream.sendable > 0) this.output.add(stream);
  }

  /** Whether this side begins the streams. */
  protected abstract readonly asks: boolean;

  /**
   * Counts what the peer does in vain.
   *
   * @throws {Http2Error} of the connection, when it is too much
   */
  protected spend(): void {
    this.#budget.spend();
  }

  // What streams need

  sendHeaders(
    streamId: number,
    fields: readonly HeaderField[],
    end: boolean,
  ): void {
    const { maxFrameSize } = this.peer;
    const block = this.#encoder.encode(fields);
    for (
      const frame of encodeHeaderFrames(block, { streamId, end, maxFrameSize })
    ) this.output.steer(frame);
  }

  sendEnd(streamId: number): void {
    this.output.steer(encodeFrame(
      { type: FrameType.DATA, flags: Flag.END_STREAM, streamId },
      NO_BYTES,
    ));
  }

  sendReset(streamId: number, code: number): void {
    this.streams.rememberReset(streamId);
    this.output.steer(encodeReset(streamId, code));
  }

  sendWindow(streamId: number, increment: number): void {
    this.output.steer(encodeWindowUpdate(streamId, increment));
  }

  wantsToSend(stream: Exchange): void {
    if (stream.sendable > 0) this.output.add(stream);
  }

  consumed(bytes: number): void {
    const increment = this.#window.release(bytes);
    if (increment > 0) this.output.steer(encodeWindowUpdate(0, increment));
  }

  over(stream: Exchange, well: boolean): void {
    this.streams.remove(stream);
    this.output.remove(stream);
    if (well) this.#budget.earn();
    this.#closeIfDone();
  }
}

function windowError(): Http2Error {
  return connectionError("FLOW_CONTROL_ERROR", "A window is not kept to");
}
