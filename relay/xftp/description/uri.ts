/**
 * File descriptions in links (simplexmq 6.5.5, `FileDescriptionURI` in
 * `Simplex.FileTransfer.Description`, `encodeWebURI` and `fileWebLink` in
 * `.Client.Main`).
 *
 * ```text
 * for apps:     simplex:/file#/?desc=<description>[&data=<client data>]
 *               https://<host>[:<port>]/file#/?desc=…
 * for browsers: https://<host of the first chunk>/#<deflated, base64url>
 * ```
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { hostInAddress } from "../../smp/mod.ts";
import { fromBase64Url, toBase64Url } from "../../wire/mod.ts";
import { DescriptionError, type FileDescription } from "./description.ts";
import {
  formatFileDescription,
  MAX_DESCRIPTION_LENGTH,
  parseFileDescription,
} from "./description_codec.ts";

/** A link for apps. */
export interface DescriptionUri {
  /** `host` or `host:port` of an `https:` link; none for `simplex:`. */
  readonly host?: string;
  /** For a recipient. */
  readonly description: FileDescription;
  /** What an app adds, usually JSON. */
  readonly clientData?: string;
}

/**
 * The link for apps as text.
 *
 * @throws {DescriptionError} when the description is not for a recipient
 */
export function formatDescriptionUri(uri: DescriptionUri): string {
  requireRecipient(uri.description);
  const scheme = uri.host === undefined ? "simplex:" : `https://${uri.host}`;
  const data = uri.clientData === undefined
    ? ""
    : `&data=${escape(uri.clientData)}`;
  const description = escape(formatFileDescription(uri.description));
  return `${scheme}/file#/?desc=${description}${data}`;
}

const URI_PATTERN =
  /^(?:simplex:|https:\/\/([^:#,;/ ]+(?::\d{1,5})?))\/file\/?#\/\?([^ \n]*)$/;

/**
 * The link that a text says.
 *
 * @throws {DescriptionError} when it is not a link to a file
 */
export function parseDescriptionUri(text: string): DescriptionUri {
  // Escaped, a character can take three.
  if (text.length > 3 * MAX_DESCRIPTION_LENGTH) {
    throw new DescriptionError("the link is too long");
  }
  const match = URI_PATTERN.exec(text);
  if (match === null) throw new DescriptionError("it is another kind of link");
  const fields = new Map<string, string>();
  for (const field of match[2].split(/[&;]/)) {
    const [name, ...value] = field.split("=");
    // As the reference, the first of two with the same name.
    if (!fields.has(name)) fields.set(name, unescape(value.join("=")));
  }
  const description = parseFileDescription(fields.get("desc") ?? "");
  requireRecipient(description);
  return { host: match[1], description, clientData: fields.get("data") };
}

/**
 * The link for browsers, to the page on the server of the first chunk.
 *
 * @throws {DescriptionError} when the description is not for a recipient
 */
export function formatWebLink(description: FileDescription): string {
  requireRecipient(description);
  const yaml = formatFileDescription(description);
  const host = description.chunks[0].replicas[0].server.hosts[0];
  const fragment = toBase64Url(new Uint8Array(deflateRawSync(yaml)));
  return `https://${hostInAddress(host)}/#${fragment}`;
}

/**
 * The description in a link for browsers.
 *
 * @throws {DescriptionError} when there is none
 */
export function parseWebLink(text: string): FileDescription {
  const fragment = /^https:\/\/[^/# ]+\/?#([A-Za-z0-9_=-]+)$/.exec(text)?.[1];
  const deflated = fragment === undefined ? undefined : fromBase64Url(fragment);
  if (deflated === undefined) {
    throw new DescriptionError("it is another kind of link");
  }
  const description = parseFileDescription(inflate(deflated));
  requireRecipient(description);
  return description;
}

function inflate(deflated: Uint8Array): string {
  let inflated: Buffer;
  try {
    inflated = inflateRawSync(deflated, {
      maxOutputLength: MAX_DESCRIPTION_LENGTH,
    });
  } catch (cause) {
    throw new DescriptionError("the link was cut off or changed", { cause });
  }
  return inflated.toString("utf8");
}

function requireRecipient(description: FileDescription): void {
  if (description.party !== "recipient") {
    throw new DescriptionError("it is the sender's, only to delete the file");
  }
}

/** All but letters, digits and `-_.~`. */
function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new DescriptionError("the link was cut off or changed", { cause });
  }
}
