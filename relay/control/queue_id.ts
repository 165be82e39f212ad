/**
 * From what an owner was given to the queue that it means.
 *
 * @module
 */

import { hkdf } from "../crypto/mod.ts";
import { EMPTY, fromBase64Url } from "../wire/mod.ts";

/** Length of queue and link IDs in bytes. */
const ID_LENGTH = 24;

/** Length of the key in a short link, in bytes. */
const LINK_KEY_LENGTH = 32;

/** `connection link` of the app, with the queue's URI as parameter `smp`. */
const FULL_LINK = /^(?:simplex:|https?:\/\/[^/]+)\/(?:contact|invitation)\/?#/;

/** `authority/type#key` or `authority/i#link ID/key` (`AConnShortLink`). */
const SHORT_LINK =
  /^(?:simplex:|https:\/\/[^/]+)\/(?:i\/?#([\w-]+=*)\/|[acgr]\/?#)([\w-]+=*)(?:\?.*)?$/;

/** `smp://fingerprint@hosts/sender ID#…` (`SMPQueueUri`). */
const QUEUE_URI = /^smp:\/\/[^/]+\/([\w-]+=*)(?:\/?#.*)?$/;

/**
 * The sender or link ID that the text means: base64url as the reference's
 * control port takes it, the URI of a queue, or a link as the app shows it,
 * short or full. `undefined` for anything else.
 *
 * A short link to a contact address does not have the link ID but the key that
 * the ID is derived from (simplexmq 6.5.5, `contactShortLinkKdf` in
 * `Simplex.Messaging.Crypto.ShortLink`).
 */
export function parseQueueId(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 16_384) return undefined;
  if (FULL_LINK.test(trimmed)) return idInFullLink(trimmed);
  const uri = QUEUE_URI.exec(trimmed);
  if (uri !== null) return decodeId(uri[1]);
  const link = SHORT_LINK.exec(trimmed);
  if (link === null) return decodeId(trimmed);
  const [, linkId, keyText] = link;
  if (linkId !== undefined) return decodeId(linkId);
  const key = fromBase64Url(keyText);
  if (key?.length !== LINK_KEY_LENGTH) return undefined;
  return hkdf(key, {
    salt: EMPTY,
    info: new TextEncoder().encode("SimpleXContactLink"),
    // The reference takes 56 bytes: these, and a key behind them.
    length: ID_LENGTH,
  });
}

function idInFullLink(link: string): Uint8Array | undefined {
  const query = link.slice(link.indexOf("#")).replace(/^#\/?\??/, "");
  const queues = new URLSearchParams(query).get("smp");
  // Of several queues, which are copies of one another, the first.
  const [first] = queues?.split(";") ?? [];
  const uri = QUEUE_URI.exec(first ?? "");
  return uri === null ? undefined : decodeId(uri[1]);
}

function decodeId(text: string): Uint8Array | undefined {
  const id = fromBase64Url(text);
  return id?.length === ID_LENGTH ? id : undefined;
}
