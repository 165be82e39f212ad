/**
 * Reads one message with its length before it.
 *
 * @module
 */

import type { Connection } from "../relay/transport/mod.ts";
import { LENGTH_SIZE } from "./protocol.ts";

/**
 * The body of the next message; `undefined` when the stream ends before, the
 * message is longer than `max` bytes, or not there after `timeoutMs`. The
 * connection is of no more use then.
 */
export async function readMessage(
  connection: Connection,
  { max, timeoutMs }: { readonly max: number; readonly timeoutMs: number },
): Promise<Uint8Array | undefined> {
  const timer = setTimeout(() => connection.abort(), timeoutMs);
  try {
    const length = new Uint8Array(LENGTH_SIZE);
    if (!await connection.readFull(length)) return undefined;
    const size = length[0] << 8 | length[1];
    if (size === 0 || size > max) return undefined;
    const body = new Uint8Array(size);
    return await connection.readFull(body) ? body : undefined;
  } catch {
    // Broken records: nothing more comes.
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
