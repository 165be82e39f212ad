/**
 * Carries a visitor's bytes to a home and back.
 *
 * @module
 */

import { MuxError, type MuxStream } from "../../tunnel/mux/mod.ts";
import type { RateLimit } from "./rate_limit.ts";

/** Reads while little comes, so that a visitor who is silent takes little. */
const SMALL_READ = 2 * 1024;
/** Reads while much comes. */
const LARGE_READ = 32 * 1024;
/** Time for the other direction to end after one has, ms. */
const HALF_CLOSED_MS = 60_000;
/** Time in which a visitor has to take something of what was sent, ms. */
const STALLED_MS = 120_000;

/** The visitor's end. */
export type VisitorSocket = Pick<
  Deno.TcpConn,
  "read" | "write" | "close" | "closeWrite"
>;

/**
 * Carries bytes both ways until both have ended or one broke; then both are
 * closed. Never rejects.
 */
export async function pipe(
  visitor: VisitorSocket,
  stream: MuxStream,
  rate: RateLimit,
): Promise<void> {
  const closed = new Closing(visitor, stream);
  await Promise.all([
    inward(visitor, stream, rate).then(closed.half, closed.now),
    outward(visitor, stream, { rate, closed }).then(closed.half, closed.now),
  ]);
  closed.now();
}

/** Closes both ends, once. */
class Closing {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #ends: readonly { close(): void }[];
  #done = false;

  constructor(...ends: readonly { close(): void }[]) {
    this.#ends = ends;
  }

  /** One direction has ended as it should. */
  readonly half = (): void => {
    if (!this.#done) this.#timer ??= setTimeout(this.now, HALF_CLOSED_MS);
  };

  /** One broke, or both have ended. */
  readonly now = (): void => {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) {
      try {
        end.close();
      } catch {
        // It was closed before.
      }
    }
  };
}

async function inward(
  visitor: VisitorSocket,
  stream: MuxStream,
  rate: RateLimit,
): Promise<void> {
  let buffer = new Uint8Array(SMALL_READ);
  for (;;) {
    const size = await visitor.read(buffer);
    if (size === null) break;
    await paced(rate, size);
    await stream.write(buffer.subarray(0, size));
    if (size === buffer.length && size === SMALL_READ) {
      buffer = new Uint8Array(LARGE_READ);
    } else if (size < SMALL_READ && buffer.length === LARGE_READ) {
      buffer = new Uint8Array(SMALL_READ);
    }
  }
  await stream.closeWrite();
}

async function outward(
  visitor: VisitorSocket,
  stream: MuxStream,
  { rate, closed }: { rate: RateLimit; closed: Closing },
): Promise<void> {
  for (;;) {
    const bytes = await stream.next();
    if (bytes === null) break;
    await paced(rate, bytes.length);
    const stalled = setTimeout(closed.now, STALLED_MS);
    try {
      for (let at = 0; at < bytes.length;) {
        at += await visitor.write(at === 0 ? bytes : bytes.subarray(at));
        if (at < bytes.length && stream.over) throw ended();
      }
    } finally {
      clearTimeout(stalled);
    }
  }
  await visitor.closeWrite();
}

async function paced(rate: RateLimit, bytes: number): Promise<void> {
  const pause = rate.take(bytes);
  if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
}

function ended(): MuxError {
  return new MuxError("closed", "The stream has ended");
}
