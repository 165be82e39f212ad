/**
 * Which lists of header fields are messages (RFC 9113 sections 8.2 and 8.3).
 *
 * @module
 */

import type { HeaderField } from "./stream.ts";

/** What a list of fields begins. */
export type MessagePart = "request" | "response" | "trailers";

/** What is known of a message from its fields. */
export interface MessageFields {
  readonly fields: readonly HeaderField[];
  /** Bytes that the body is to have. */
  readonly contentLength: number | undefined;
  /** Responses: the status. */
  readonly status: number | undefined;
  /** Requests: the method. */
  readonly method: string | undefined;
}

/** Token characters without upper case (RFC 9110 section 5.6.2). */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** No NUL, CR, LF; no white space at either end. */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
/** These speak of one connection, which HTTP/2 does itself (section 8.2.2). */
const OF_CONNECTION = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);
const PSEUDO: Readonly<Record<MessagePart, readonly string[]>> = {
  request: [":method", ":scheme", ":authority", ":path"],
  response: [":status"],
  trailers: [],
};

/** Checks the fields; `undefined` when they are malformed. */
export function checkFields(
  fields: readonly HeaderField[],
  part: MessagePart,
): MessageFields | undefined {
  const pseudo = new Map<string, string>();
  let contentLength: number | undefined;
  let regular = false;
  for (const [name, value] of fields) {
    if (BAD_VALUE.test(value)) return undefined;
    if (name.startsWith(":")) {
      const known = PSEUDO[part].includes(name);
      if (regular || !known || pseudo.has(name)) return undefined;
      pseudo.set(name, value);
      continue;
    }
    regular = true;
    if (!NAME.test(name) || OF_CONNECTION.has(name)) return undefined;
    if (name === "te" && value !== "trailers") return undefined;
    if (name === "content-length") {
      if (!/^\d{1,15}$/.test(value)) return undefined;
      const length = Number(value);
      if (contentLength !== undefined && contentLength !== length) {
        return undefined;
      }
      contentLength = length;
    }
  }
  if (part === "request" && !isRequest(pseudo)) return undefined;
  const status = pseudo.get(":status");
  if (part === "response" && !/^[1-5]\d\d$/.test(status ?? "")) {
    return undefined;
  }
  return {
    fields,
    contentLength,
    status: status === undefined ? undefined : Number(status),
    method: pseudo.get(":method"),
  };
}

function isRequest(pseudo: ReadonlyMap<string, string>): boolean {
  const method = pseudo.get(":method");
  if (method === undefined || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) {
    return false;
  }
  if (method === "CONNECT") {
    return pseudo.has(":authority") && pseudo.size === 2;
  }
  const path = pseudo.get(":path") ?? "";
  return pseudo.has(":scheme") &&
    (path.startsWith("/") || path === "*" && method === "OPTIONS");
}
