/**
 * The opening handshake of WebSocket (RFC 6455 section 4), both sides.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { randomBytes } from "../../relay/crypto/mod.ts";
import { type Http1Request, Incoming } from "../../relay/http1/mod.ts";
import type { Connection } from "../../relay/transport/mod.ts";
import { WebSocketError } from "./errors.ts";
import { WebSocketStream } from "./web_socket_stream.ts";

/** RFC 6455 section 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";
/** Bytes of the longest answer that is read. */
const MAX_HEAD = 8 * 1024;

/**
 * Asks for a WebSocket over a connection, which it owns from now on.
 *
 * @throws {WebSocketError} when the server does not open one
 */
export async function openWebSocket(
  connection: Connection,
  { host, path }: { readonly host: string; readonly path: string },
): Promise<WebSocketStream> {
  const key = randomBytes(16).toBase64();
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${VERSION}`,
  ];
  try {
    connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    const incoming = new Incoming(connection);
    const head = await incoming.head(MAX_HEAD);
    if (head === undefined || !isAccepted(head, key)) {
      throw new WebSocketError("The server opens no WebSocket");
    }
    return new WebSocketStream(connection, {
      role: "client",
      rest: incoming.rest,
    });
  } catch (cause) {
    connection.abort();
    if (cause instanceof WebSocketError) throw cause;
    throw new WebSocketError("The server opens no WebSocket", { cause });
  }
}

/**
 * Takes a connection over that asked for a WebSocket; `undefined` when it did
 * not ask as it should.
 */
export function acceptWebSocket(
  request: Http1Request,
  { connection, rest }: {
    readonly connection: Connection;
    readonly rest: Uint8Array;
  },
): WebSocketStream | undefined {
  const { method, fields } = request;
  const key = fields.get("sec-websocket-key") ?? "";
  const good = method === "GET" &&
    hasToken(fields.get("upgrade"), "websocket") &&
    hasToken(fields.get("connection"), "upgrade") &&
    fields.get("sec-websocket-version") === VERSION &&
    /^[A-Za-z\d+/]{22}==$/.test(key);
  if (!good) return undefined;
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
  ];
  connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
  return new WebSocketStream(connection, { role: "server", rest });
}

function isAccepted(head: Uint8Array, key: string): boolean {
  const [status, ...lines] = new TextDecoder("latin1").decode(head)
    .split("\r\n");
  const fields = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return /^HTTP\/1\.1 101(?: |$)/.test(status) &&
    hasToken(fields.get("upgrade"), "websocket") &&
    hasToken(fields.get("connection"), "upgrade") &&
    fields.get("sec-websocket-accept") === acceptOf(key) &&
    // None was asked for.
    !fields.has("sec-websocket-extensions") &&
    !fields.has("sec-websocket-protocol");
}

function acceptOf(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? "").toLowerCase().split(",").some((each) =>
    each.trim() === token
  );
}
