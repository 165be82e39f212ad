/**
 * Message bodies that tell which message they are and whether they are intact.
 *
 * ```text
 * SHA-256 of the rest (32) | queue (4) | number (4) | random bytes
 * ```
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { equalBytes } from "../../relay/wire/mod.ts";

const HASH = 32;
const HEAD = HASH + 8;

/** Most bytes that a body may have. */
export const MAX_BODY = 16_000;

const pool = new Uint8Array(randomBytes(4 * MAX_BODY));

/** Which message a body belongs to. */
export interface BodyName {
  readonly queue: number;
  readonly number: number;
}

/** A body of `length` bytes, at least 40; `from`: where its bytes come from. */
export function makeBody(
  { queue, number }: BodyName,
  { length, from }: { readonly length: number; readonly from: number },
): Uint8Array {
  const size = Math.max(HEAD, Math.min(length, MAX_BODY));
  const start = from % (pool.length - MAX_BODY);
  const body = pool.slice(start, start + size);
  const view = new DataView(body.buffer);
  view.setUint32(HASH, queue);
  view.setUint32(HASH + 4, number);
  body.set(createHash("sha256").update(body.subarray(HASH)).digest());
  return body;
}

/** Which message it is; `undefined` when it is damaged. */
export function readBody(body: Uint8Array): BodyName | undefined {
  if (body.length < HEAD) return undefined;
  const hash = createHash("sha256").update(body.subarray(HASH)).digest();
  if (!equalBytes(hash, body.subarray(0, HASH))) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return { queue: view.getUint32(HASH), number: view.getUint32(HASH + 4) };
}
