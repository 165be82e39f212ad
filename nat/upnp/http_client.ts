/**
 * One small HTTP question to a device on the local network.
 *
 * `fetch` is not used: it may go through a proxy, cannot reach link-local IPv6
 * addresses, and does not choose the address it asks from, which firewalls of
 * routers look at.
 *
 * @module
 */

import { connect, type Socket } from "node:net";

/** What is asked of whom. */
export interface HttpQuestion {
  /** Address to connect to; link-local IPv6 with its zone. */
  readonly address: string;
  readonly port: number;
  /** As it stands in the `Host` header. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  readonly method: "GET" | "POST" | "SUBSCRIBE" | "UNSUBSCRIBE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** This machine's address to ask from. */
  readonly localAddress: string;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** Status line and header fields. */
  readonly head: string;
  readonly body: string;
}

/** There was no answer, or one that is against the rules. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly failure: "no answer" | "bad answer";

  constructor(
    failure: "no answer" | "bad answer",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.failure = failure;
  }
}

/** Bytes of an answer, head and body. Real descriptions have 3 to 30 KB. */
export const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_HEAD_BYTES = 16 * 1024;
/** Answers of the kind "wait, more comes" (100 to 199). */
const MAX_INTERIM = 4;
/** For the whole question, ms. */
const TIMEOUT_MS = 4_000;

/**
 * Asks, and waits for the whole answer. Follows no redirect.
 *
 * @throws {HttpError} no connection, no answer in time, malformed or too big
 * @throws the signal's reason
 */
export async function askHttp(
  question: HttpQuestion,
  options: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<HttpAnswer> {
  const { signal, timeoutMs = TIMEOUT_MS } = options;
  signal.throwIfAborted();
  const done = Promise.withResolvers<HttpAnswer>();
  const socket = connect({
    host: question.address,
    port: question.port,
    localAddress: question.localAddress,
  });
  const closed = new Promise<void>((resolve) => socket.once("close", resolve));
  const timer = setTimeout(
    () => done.reject(new HttpError("no answer", "No answer in time")),
    timeoutMs,
  );
  const onAbort = () => done.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("connect", () => socket.write(encodeQuestion(question)));
  socket.on("error", (cause) =>
    done.reject(
      new HttpError("no answer", `Cannot ask it: ${cause.message}`, { cause }),
    ));
  collect(socket, done);
  try {
    return await done.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
    await closed;
  }
}

function encodeQuestion(question: HttpQuestion): Uint8Array {
  const body = new TextEncoder().encode(question.body ?? "");
  let head = `${question.method} ${question.path} HTTP/1.1\r\n` +
    `Host: ${question.host}\r\nConnection: close\r\n`;
  for (const [name, value] of Object.entries(question.headers ?? {})) {
    head += `${name}: ${value}\r\n`;
  }
  if (question.method === "POST") head += `Content-Length: ${body.length}\r\n`;
  const start = new TextEncoder().encode(`${head}\r\n`);
  const bytes = new Uint8Array(start.length + body.length);
  bytes.set(start);
  bytes.set(body, start.length);
  return bytes;
}

function collect(
  socket: Socket,
  done: PromiseWithResolvers<HttpAnswer>,
): void {
  let bytes = new Uint8Array(4_096);
  let length = 0;
  const settle = (ended: boolean) => {
    const answer = decodeAnswer(bytes.subarray(0, length), { ended });
    if (answer === "malformed") {
      done.reject(new HttpError("bad answer", "The answer is not HTTP"));
    } else if (answer !== "incomplete") {
      done.resolve(answer);
    } else if (ended) {
      done.reject(new HttpError("no answer", "The answer ends in the middle"));
    }
  };
  socket.on("data", (chunk: Uint8Array) => {
    if (length + chunk.length > MAX_ANSWER_BYTES) {
      socket.destroy();
      done.reject(new HttpError("bad answer", "The answer is too big"));
      return;
    }
    if (length + chunk.length > bytes.length) {
      const grown = new Uint8Array(2 * (length + chunk.length));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(chunk, length);
    length += chunk.length;
    settle(false);
  });
  socket.on("end", () => settle(true));
  socket.on("close", () => settle(true));
}

/**
 * Reads an answer of which `bytes` have come so far (RFC 9112 sections 4, 6
 * and 7.1).
 */
export function decodeAnswer(
  bytes: Uint8Array,
  options: { readonly ended: boolean },
): HttpAnswer | "incomplete" | "malformed" {
  let rest = bytes;
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const bodyStart = endOfHead(rest);
    if (bodyStart === undefined) {
      return rest.length > MAX_HEAD_BYTES ? "malformed" : "incomplete";
    }
    if (bodyStart > MAX_HEAD_BYTES) return "malformed";
    const head = new TextDecoder("latin1").decode(rest.subarray(0, bodyStart));
    const status = Number(
      /^HTTP\/1\.[01] ([1-5][0-9]{2})(?:\s|$)/.exec(head)?.[1],
    );
    if (Number.isNaN(status)) return "malformed";
    rest = rest.subarray(bodyStart);
    if (status >= 200) return decodeBody(rest, { ...options, status, head });
  }
  return "malformed";
}

function decodeBody(
  rest: Uint8Array,
  { ended, status, head }: {
    readonly ended: boolean;
    readonly status: number;
    readonly head: string;
  },
): HttpAnswer | "incomplete" | "malformed" {
  const text = (body: Uint8Array) => new TextDecoder().decode(body);
  if (/^transfer-encoding:[ \t]*chunked[ \t]*\r?$/im.test(head)) {
    const body = decodeChunks(rest);
    return typeof body === "string" ? body : { status, head, body: text(body) };
  }
  const declared = /^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$/im.exec(head);
  if (declared === null) {
    return ended ? { status, head, body: text(rest) } : "incomplete";
  }
  const length = Number(declared[1]);
  if (length > MAX_ANSWER_BYTES) return "malformed";
  if (rest.length < length) return "incomplete";
  return { status, head, body: text(rest.subarray(0, length)) };
}

/** Offset after the empty line; some devices end lines with LF alone. */
function endOfHead(bytes: Uint8Array): number | undefined {
  const limit = Math.min(bytes.length, MAX_HEAD_BYTES + 4);
  for (let at = 0; at + 1 < limit; at++) {
    if (bytes[at] !== 0x0a) continue;
    if (bytes[at + 1] === 0x0a) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3;
  }
}

function decodeChunks(
  bytes: Uint8Array,
): Uint8Array | "incomplete" | "malformed" {
  const body = new Uint8Array(bytes.length);
  let length = 0;
  let at = 0;
  while (true) {
    const line = bytes.indexOf(0x0a, at);
    if (line === -1) return bytes.length - at > 64 ? "malformed" : "incomplete";
    if (line - at > 64) return "malformed";
    const head = new TextDecoder("latin1").decode(bytes.subarray(at, line));
    const size = /^([0-9A-Fa-f]{1,6})[ \t]*(?:;.*)?\r?$/.exec(head)?.[1];
    if (size === undefined) return "malformed";
    const count = parseInt(size, 16);
    if (count === 0) return body.subarray(0, length);
    const start = line + 1;
    if (start + count > bytes.length) return "incomplete";
    body.set(bytes.subarray(start, start + count), length);
    length += count;
    at = start + count;
    if (at === bytes.length) return "incomplete";
    if (bytes[at] === 0x0d) at++;
    if (at === bytes.length) return "incomplete";
    if (bytes[at++] !== 0x0a) return "malformed";
  }
}
