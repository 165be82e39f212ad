/**
 * IDs of files as an owner gives them.
 *
 * @module
 */

import { fromBase64Url } from "../wire/mod.ts";

/** Bytes of a recipient ID. */
const ID_LENGTH = 16;
/** More do not fit into a question. */
const MAX_IDS = 2400;

/**
 * The recipient IDs in a list of base64url texts, with or without padding, each
 * once. `undefined` where it is no such list, or empty.
 */
export function parseFileIds(list: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_IDS) {
    return undefined;
  }
  const ids = new Map<string, Uint8Array>();
  for (const text of list) {
    const id = typeof text === "string"
      ? fromBase64Url(text.trim())
      : undefined;
    if (id?.length !== ID_LENGTH) return undefined;
    ids.set(id.toHex(), id);
  }
  return [...ids.values()];
}
