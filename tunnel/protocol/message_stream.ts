/**
 * Messages over a stream of a link.
 *
 * @module
 */

import type { MuxStream } from "../mux/mod.ts";
import { encodeMessage, MAX_MESSAGE, MessageError } from "./codec.ts";
import type { CoreMessage, HomeMessage } from "./messages.ts";

/** The stream on which a relay and its core talk. */
export class MessageStream {
  readonly #stream: MuxStream;
  #writing: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(stream: MuxStream) {
    this.#stream = stream;
  }

  /**
   * Sends a message after those before it.
   *
   * @throws {MuxError} when the stream is over
   */
  send(message: HomeMessage | CoreMessage): Promise<void> {
    const bytes = encodeMessage(message);
    this.#waiting++;
    const sent = this.#writing
      .then(() => this.#stream.write(bytes))
      .then(() => {})
      .finally(() => this.#waiting--);
    this.#writing = sent.catch(() => {/* Told to who waits for `sent`. */});
    return sent;
  }

  /** Ends the own side, after what was sent. Never rejects. */
  async end(): Promise<void> {
    await this.#writing;
    // It rejects only while something is written.
    await this.#stream.closeWrite().catch(() => {});
  }

  /** Messages that the peer has not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * The JSON of the next message; `undefined` at the end.
   *
   * @throws {MuxError} when the stream broke
   * @throws {MessageError} when a message is too long or cut off
   */
  async receive(): Promise<Uint8Array | undefined> {
    const head = new Uint8Array(2);
    const begun = await this.#fill(head);
    if (begun === 0) return undefined;
    const size = head[0] << 8 | head[1];
    if (begun < head.length || size > MAX_MESSAGE) {
      throw new MessageError("A message is too long or was cut off");
    }
    const json = new Uint8Array(size);
    if (await this.#fill(json) < size) {
      throw new MessageError("A message was cut off");
    }
    return json;
  }

  async #fill(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const size = await this.#stream.read(buffer.subarray(filled));
      if (size === null) break;
      filled += size;
    }
    return filled;
  }
}
