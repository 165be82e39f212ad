/**
 * Proof of work: what a registration costs, so that thousands of made-up
 * relays cost something.
 *
 * The counter has to be such that
 *
 * ```text
 * SHA-256("porchlight-work/1" | 0 (1) | directory (32) | relay (32)
 *         | nonce (16) | counter (8))
 * ```
 *
 * begins with as many zero bits as the directory asks for. The nonce is the
 * directory's, and holds for some hours: nothing can be worked out ahead.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { sha256 } from "../../relay/crypto/mod.ts";
import { equalBytes, Writer } from "../../relay/wire/mod.ts";

/** Bytes of a nonce. */
export const WORK_NONCE_SIZE = 16;

/** How long one nonce is given out, ms; it is taken for twice as long. */
const PERIOD_MS = 3_600_000;
/** Tries between two looks at whether to go on, about 20 ms each. */
const SLICE = 5_000;

/** What the work is for. */
export interface WorkTask {
  readonly directory: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Nonces of a directory: known again without being kept. */
export class WorkNonces {
  readonly #key = randomBytes(32);
  readonly #now: () => number;

  /** `now`: a clock in milliseconds that is never set. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The nonce to work on now. */
  get current(): Uint8Array {
    return this.#of(this.#period);
  }

  /** Whether the nonce is of this period or the one before. */
  takes(nonce: Uint8Array): boolean {
    return equalBytes(nonce, this.current) ||
      equalBytes(nonce, this.#of(this.#period - 1));
  }

  get #period(): number {
    return Math.floor(this.#now() / PERIOD_MS);
  }

  #of(period: number): Uint8Array {
    const digest = createHmac("sha256", this.#key).update(String(period))
      .digest();
    return new Uint8Array(digest.subarray(0, WORK_NONCE_SIZE));
  }
}

/** Whether the counter is an answer to the task. */
export function checkWork(
  task: WorkTask,
  counter: number,
  bits: number,
): boolean {
  return leadingZeros(sha256(input(task, counter))) >= bits;
}

/**
 * Looks for a counter. Takes 2^bits tries on average; other work gets its
 * turns in between.
 *
 * @throws the reason of `signal`
 */
export async function solveWork(
  task: WorkTask,
  bits: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const bytes = input(task, 0);
  const counterAt = bytes.length - 8;
  for (let counter = 0;; counter++) {
    if (counter % SLICE === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    }
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(
      counterAt,
      BigInt(counter),
    );
    if (leadingZeros(sha256(bytes)) >= bits) return counter;
  }
}

function input(
  { directory, fingerprint, nonce }: WorkTask,
  counter: number,
): Uint8Array {
  return new Writer(128).ascii("porchlight-work/1").byte(0).bytes(directory)
    .bytes(fingerprint).bytes(nonce).int64(counter).finish();
}

function leadingZeros(digest: Uint8Array): number {
  const at = digest.findIndex((byte) => byte !== 0);
  return at < 0 ? digest.length * 8 : at * 8 + Math.clz32(digest[at]) - 24;
}
