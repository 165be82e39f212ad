/**
 * Responses and events into the blocks of a connection.
 *
 * @module
 */

import {
  BLOCK_CONTENT_OFFSET,
  type BlockChain,
  encryptBlockInPlace,
  PADDING_OVERHEAD,
  padInPlace,
} from "../../crypto/mod.ts";
import type { Connection } from "../../transport/connection.ts";
import { Writer } from "../../wire/mod.ts";
import { packTransmissions } from "../batch.ts";
import {
  encodeMessageTransmission,
  type TransmissionParams,
  writeMessageTransmission,
} from "../transmission.ts";
import { BLOCK_SIZE } from "../versions.ts";
import type { Outgoing } from "./delivery.ts";

/**
 * Every block is built here: a connection takes over what it is given before
 * `write` returns, and nothing here waits.
 */
const block = new Uint8Array(BLOCK_SIZE);

/** Writes the blocks of one session. */
export class BlockWriter {
  readonly #connection: Connection;
  readonly #params: TransmissionParams;
  readonly #chain: BlockChain | undefined;
  readonly #onBlock: () => void;

  /** `chain`: keys of the relay's direction, where blocks are encrypted. `onBlock` hears of each. */
  constructor(
    connection: Connection,
    params: TransmissionParams,
    { chain, onBlock }: { chain: BlockChain | undefined; onBlock: () => void },
  ) {
    this.#connection = connection;
    this.#params = params;
    this.#chain = chain;
    this.#onBlock = onBlock;
  }

  /**
   * Sends these together, in as few blocks as they need. What is larger than a
   * block is left out, as by the reference: peers can bring that about for
   * themselves, with correlation IDs of 255 bytes.
   */
  send(outgoing: readonly Outgoing[]): void {
    if (outgoing.length === 1 && this.#sendOne(outgoing[0])) return;
    const batches = packTransmissions(
      outgoing.map((each) => encodeMessageTransmission(this.#params, each)),
    );
    for (const batch of batches) {
      if (batch.error !== undefined) continue;
      this.#finish(this.#content().bytes(batch.content).length);
    }
  }

  /**
   * By far the most blocks: written where they are encrypted. False when it
   * does not fit, or cannot be encoded.
   */
  #sendOne(outgoing: Outgoing): boolean {
    const writer = this.#content().byte(1);
    try {
      writer.largeOf(() =>
        writeMessageTransmission(writer, this.#params, outgoing)
      );
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    this.#finish(writer.length);
    return true;
  }

  #content(): Writer {
    return Writer.into(
      block.subarray(
        this.#chain === undefined ? PADDING_OVERHEAD : BLOCK_CONTENT_OFFSET,
      ),
    );
  }

  #finish(contentLength: number): void {
    if (this.#chain === undefined) padInPlace(block, contentLength);
    else encryptBlockInPlace(this.#chain, { block, contentLength });
    this.#connection.write(block);
    this.#onBlock();
  }
}
