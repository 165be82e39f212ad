/**
 * One connection of XFTP: HTTP/2 over TLS, a request for each command
 * (simplexmq 6.5.5, `xftpServer` and `processRequest` in
 * `Simplex.FileTransfer.Server`).
 *
 * ```text
 * request  = block (16384) | content of an upload
 * response = block (16384) | encrypted content of a download, tag (16)
 * ```
 * Each response has status 200, errors as well.
 *
 * @module
 */

import http2 from "node:http2";
import { setImmediate } from "node:timers";
import type {
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { Connection } from "../../transport/connection.ts";
import { EMPTY } from "../../wire/mod.ts";
import {
  decodeXftpCommandBlock,
  encodeXftpResponseBlock,
  type XftpCommandTransmission,
  xftpParams,
} from "../codec.ts";
import type { FileRecord } from "../file_store.ts";
import type { XftpResponse } from "../messages.ts";
import { XFTP_BLOCK_SIZE, XftpVersion } from "../versions.ts";
import { authorizeCommand } from "./authorize.ts";
import {
  acknowledge,
  addRecipients,
  createFile,
  deleteFile,
  receiveFile,
  refuse,
  responseTo,
} from "./commands.ts";
import { ConnectionDuplex } from "./connection_duplex.ts";
import type { XftpContext } from "./context.ts";
import { beginDownload, type Download, sendContent } from "./download.ts";
import { ServerHandshake, type XftpSession } from "./handshake.ts";
import { RequestAborted, RequestBody } from "./request_body.ts";

/** Bytes of one request that may be on their way to the relay. */
const STREAM_WINDOW = 512 * 1024;
/** Bytes of all requests of a connection that may be on their way. */
const SESSION_WINDOW = 2 * 1024 * 1024;
const MAX_HEADERS = 16 * 1024;
/** Requests that a client may break off before it is disconnected. */
const MAX_ABORTED = 1000;
/** What is read of a request that was answered before its end, bytes. */
const MAX_DISCARDED = 8 * 1024 * 1024;
/** For how long it is read. */
const DISCARD_MS = 30_000;

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};
const PREFLIGHT = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "*",
  "access-control-max-age": "86400",
};

/** A connection while it is served. */
export class XftpConnection {
  /** When the last request came, milliseconds since 1970. */
  lastActive: number;
  readonly #context: XftpContext;
  readonly #connection: Connection;
  readonly #duplex: ConnectionDuplex;
  readonly #http: ServerHttp2Session;
  /** The client has sent a server name and speaks to the web certificate. */
  readonly #browser: boolean;
  readonly #handshake: ServerHandshake | undefined;
  readonly #legacy: XftpSession;
  readonly #requests = new Set<Promise<void>>();
  readonly #ended: Promise<void>;
  #aborted = 0;
  #closing = false;

  constructor(context: XftpContext, connection: Connection) {
    this.#context = context;
    this.#connection = connection;
    this.lastActive = context.now();
    const { sessionId, alpn, serverName } = connection;
    this.#browser = context.options.browsers && serverName !== undefined;
    this.#legacy = { params: xftpParams(XftpVersion.min, sessionId) };
    if (alpn !== undefined) {
      const { identity, options: { versions } } = context;
      this.#handshake = new ServerHandshake({ identity, versions }, {
        sessionId,
        browser: this.#browser,
      });
    }
    this.#duplex = new ConnectionDuplex(connection);
    this.#http = http2.performServerHandshake(this.#duplex, {
      maxSessionMemory: 8,
      maxHeaderListPairs: 64,
      settings: {
        initialWindowSize: STREAM_WINDOW,
        maxConcurrentStreams: context.options.requestsPerConnection,
        maxHeaderListSize: MAX_HEADERS,
        enablePush: false,
      },
    });
    this.#ended = this.#listen();
  }

  /** Whether the client has finished the handshake. */
  get ready(): boolean {
    return this.#handshake === undefined || this.#handshake.done;
  }

  /** Whether a request is being handled. */
  get busy(): boolean {
    return this.#requests.size > 0;
  }

  /** Resolves when the connection and all of its requests have ended. */
  async run(): Promise<void> {
    await this.#ended;
    this.#duplex.destroy();
    await Promise.all(this.#requests);
  }

  /** Ends the connection and what goes on in it. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    // Never from inside of a callback of node:http2, which does not survive it.
    setImmediate(() => {
      this.#duplex.destroy();
    });
  }

  #listen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const http = this.#http;
    this.#duplex.on("error", () => {/* Its end is told to the session. */});
    http.on("error", () => this.close());
    http.on("close", resolve);
    // Earlier, node:http2 has no session whose window it could set.
    http.once("stream", () => http.setLocalWindowSize(SESSION_WINDOW));
    http.on("stream", (stream, headers) => {
      const request = this.#serve(stream, headers).catch((error) => {
        if (stream.destroyed || error instanceof RequestAborted) return;
        this.#context.onError(error);
        stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      });
      this.#requests.add(request);
      request.finally(() => this.#requests.delete(request));
    });
    return promise;
  }

  async #serve(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): Promise<void> {
    this.lastActive = this.#context.now();
    stream.on("error", () => {/* Told where the stream is read or written. */});
    stream.on("aborted", () => {
      if (++this.#aborted > MAX_ABORTED) this.close();
    });
    const method = headers[":method"];
    if (method === "OPTIONS" && this.#cors) {
      stream.respond({ ":status": 200, ...PREFLIGHT }, { endStream: true });
      return;
    }
    if (method !== "POST") {
      stream.respond({ ":status": 404 }, { endStream: true });
      return;
    }
    const body = new RequestBody(stream);
    const head = await body.head(XFTP_BLOCK_SIZE);
    const step = this.#handshake?.step({
      head,
      webHello: "xftp-web-hello" in headers,
      webHandshake: "xftp-handshake" in headers,
    }) ?? { session: this.#legacy };
    if ("session" in step) {
      await this.#command(stream, { session: step.session, head, body });
    } else {
      this.#respond(stream);
      stream.end(step.answer);
    }
    await discard(stream, body);
  }

  async #command(
    stream: ServerHttp2Stream,
    { session, head, body }: {
      session: XftpSession;
      head: Uint8Array;
      body: RequestBody;
    },
  ): Promise<void> {
    const transmission = decodeXftpCommandBlock(session.params, head);
    const { correlationId, entityId } = transmission;
    let response: XftpResponse;
    let download: Download | undefined;
    try {
      if ("error" in transmission) {
        response = { tag: "ERR", error: transmission.error };
      } else {
        const { files } = this.#context;
        const verdict = authorizeCommand(transmission, { session, files });
        const result = verdict.allowed
          ? await this.#execute(transmission, { file: verdict.file, body })
          : { response: { tag: "ERR", error: verdict.error } as const };
        response = result.response;
        download = result.download;
      }
    } catch (error) {
      if (!(error instanceof RequestAborted)) this.#context.onError(error);
      response = responseTo(error);
    }
    if (stream.destroyed) {
      await download?.close();
      return;
    }
    const block = encodeXftpResponseBlock(session.params, {
      correlationId,
      // Responses without an entity must not have an ID (`checkCredentials`).
      entityId: response.tag === "SIDS" || response.tag === "PONG"
        ? EMPTY
        : entityId,
      response,
    });
    this.#respond(stream);
    if (download === undefined) {
      stream.end(block);
      return;
    }
    stream.write(block);
    const { downloads, options } = this.#context;
    const content = download;
    await downloads.run(() =>
      sendContent(content, {
        stream,
        taken: () => this.#duplex.taken(),
        stallMs: options.downloadStallMs,
      })
    );
  }

  async #execute(
    { command, entityId }: XftpCommandTransmission,
    { file, body }: { file: FileRecord | undefined; body: RequestBody },
  ): Promise<{ response: XftpResponse; download?: Download }> {
    const context = this.#context;
    if (command.tag === "PING") return { response: { tag: "PONG" } };
    if (command.tag === "FNEW") {
      return { response: await createFile(context, command) };
    }
    if (file === undefined) return { response: refuse("INTERNAL") };
    switch (command.tag) {
      case "FADD":
        return {
          response: await addRecipients(context, file, command.recipientKeys),
        };
      case "FPUT":
        return { response: await receiveFile(context, file, body) };
      case "FDEL":
        return { response: await deleteFile(context, file) };
      case "FGET":
        return await beginDownload(context, file, command.dhKey);
      case "FACK":
        return { response: await acknowledge(context, entityId) };
    }
  }

  get #cors(): boolean {
    return this.#browser;
  }

  #respond(stream: ServerHttp2Stream): void {
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, ...this.#cors ? CORS : {} });
  }
}

/** Takes what a client sends after its answer, as far as it is reasonable. */
async function discard(
  stream: ServerHttp2Stream,
  body: RequestBody,
): Promise<void> {
  const timer = setTimeout(() => stream.destroy(), DISCARD_MS);
  try {
    if (await body.discard(MAX_DISCARDED)) return;
    stream.close(http2.constants.NGHTTP2_NO_ERROR);
  } catch (error) {
    // It was answered, so nobody misses anything.
    if (!(error instanceof RequestAborted)) throw error;
  } finally {
    clearTimeout(timer);
  }
}
