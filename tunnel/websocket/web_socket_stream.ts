/**
 * A stream of bytes in the binary messages of a WebSocket. Where messages
 * begin and end means nothing.
 *
 * @module
 */

import { randomBytes } from "../../relay/crypto/mod.ts";
import type { ByteStream, Connection } from "../../relay/transport/mod.ts";
import { WebSocketError } from "./errors.ts";
import {
  applyMask,
  encodeFrame,
  type FrameHead,
  MAX_CONTROL,
  MAX_HEADER,
  Opcode,
  readHead,
} from "./frames.ts";

/** Payload of the largest frame that is sent: one TLS record with its header. */
const SEND_SIZE = 16 * 1024 - MAX_HEADER;
/** Bytes that may wait for the peer's TCP. */
const OUTPUT_LIMIT = 128 * 1024;
const CLOSE_NORMAL = Uint8Array.of(1000 >> 8, 1000 & 255);
const EMPTY = new Uint8Array(0);

/** A data frame whose payload has not been read completely. */
interface Current {
  readonly head: FrameHead;
  taken: number;
}

/** Bytes over a WebSocket after its handshake; owns the connection. */
export class WebSocketStream implements ByteStream {
  readonly #connection: Connection;
  readonly #masks: boolean;
  /** Bytes that came and were not taken; valid until the next read. */
  #view: Uint8Array;
  /** The beginning of a header, or of a control frame. */
  readonly #begun = new Uint8Array(MAX_HEADER + MAX_CONTROL);
  #begunSize = 0;
  #current: Current | undefined;
  /** A message has begun whose last frame is still to come. */
  #inMessage = false;
  #ended = false;
  #closeSent = false;

  /** @param rest what came behind the handshake */
  constructor(
    connection: Connection,
    { role, rest = EMPTY }: {
      readonly role: "client" | "server";
      readonly rest?: Uint8Array;
    },
  ) {
    this.#connection = connection;
    this.#masks = role === "client";
    this.#view = rest.slice();
  }

  /** @throws {WebSocketError} when the peer breaks the rules or the connection */
  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number | null> {
    for (;;) {
      if (this.#ended) return null;
      if (this.#view.length > 0) {
        const size = this.#current === undefined
          ? this.#takeHead()
          : this.#takePayload(this.#current, buffer);
        if (size > 0) return size;
        continue;
      }
      const view = await this.#connection.read();
      // Whether it ended as it should is for TLS inside to say.
      if (view === undefined) this.#ended = true;
      else this.#view = view;
    }
  }

  /** @throws {WebSocketError} when the connection is gone */
  async write(bytes: Uint8Array): Promise<number> {
    const size = Math.min(bytes.length, SEND_SIZE);
    this.#send(Opcode.binary, bytes.subarray(0, size));
    await this.#connection.drained(OUTPUT_LIMIT);
    if (!this.#connection.open) throw broken();
    return size;
  }

  /** Says farewell. */
  async closeWrite(): Promise<void> {
    this.#sendClose();
    await this.#connection.drained();
  }

  close(): void {
    this.#ended = true;
    this.#connection.abort();
  }

  #takeHead(): number {
    const room = this.#begun.length - this.#begunSize;
    const more = this.#view.subarray(0, room);
    this.#begun.set(more, this.#begunSize);
    const begun = this.#begun.subarray(0, this.#begunSize + more.length);
    const head = readHead(begun);
    if (head === undefined) throw this.#violated();
    const isControl = head !== "partial" && head.opcode >= 8;
    const wanted = head === "partial"
      ? Infinity
      : head.size + (isControl ? head.length : 0);
    if (head === "partial" || begun.length < wanted) {
      this.#begunSize = begun.length;
      this.#view = this.#view.subarray(more.length);
      return 0;
    }
    this.#view = this.#view.subarray(wanted - this.#begunSize);
    this.#begunSize = 0;
    // Clients mask, servers do not.
    if ((head.mask === undefined) !== this.#masks) throw this.#violated();
    if (isControl) this.#onControl(head, begun.slice(head.size, wanted));
    else this.#onData(head);
    return 0;
  }

  #onData(head: FrameHead): void {
    const goesOn = head.opcode === Opcode.continuation;
    if (goesOn !== this.#inMessage || head.opcode === Opcode.text) {
      throw this.#violated();
    }
    this.#inMessage = !head.final;
    if (head.length > 0) this.#current = { head, taken: 0 };
  }

  #takePayload(current: Current, buffer: Uint8Array): number {
    const { head, taken } = current;
    const size = Math.min(
      head.length - taken,
      buffer.length,
      this.#view.length,
    );
    const target = buffer.subarray(0, size);
    target.set(this.#view.subarray(0, size));
    if (head.mask !== undefined) applyMask(target, head.mask, taken);
    this.#view = this.#view.subarray(size);
    current.taken += size;
    if (current.taken === head.length) this.#current = undefined;
    return size;
  }

  #onControl({ opcode, mask }: FrameHead, payload: Uint8Array): void {
    if (mask !== undefined) applyMask(payload, mask, 0);
    if (opcode === Opcode.ping) this.#send(Opcode.pong, payload);
    else if (opcode === Opcode.close) {
      this.#ended = true;
      this.#sendClose();
    }
  }

  #sendClose(): void {
    if (this.#closeSent) return;
    this.#send(Opcode.close, CLOSE_NORMAL);
    this.#closeSent = true;
  }

  #send(opcode: number, payload: Uint8Array): void {
    if (this.#closeSent) return;
    const mask = this.#masks ? randomBytes(4) : undefined;
    this.#connection.write(encodeFrame(opcode, payload, { mask }));
  }

  #violated(): WebSocketError {
    this.close();
    return new WebSocketError("The peer breaks the rules of WebSocket");
  }
}

function broken(): WebSocketError {
  return new WebSocketError("The connection under the WebSocket is gone");
}
