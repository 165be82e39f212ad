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

import {
  type HeaderField,
  Http2Code,
  Http2Error,
  type Http2Limits,
  type Http2Session,
  type Http2Stream,
  serveHttp2,
} from "../../http2/mod.ts";
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
} from "./commands.ts";
import type { XftpContext } from "./context.ts";
import { beginDownload, sendContent } from "./download.ts";
import { ServerHandshake, type XftpSession } from "./handshake.ts";
import { RequestBody } from "./request_body.ts";

/** Bytes of one request that may be on their way to the relay. */
const STREAM_WINDOW = 512 * 1024;
/** Bytes that a request may leave unread while it waits for its turn. */
const WAITING_REQUEST = 64 * 1024;
const MAX_HEADERS = 16 * 1024;
/** What a client may do in vain, such as requests that it breaks off. */
const MAX_IN_VAIN = 1000;
/** What is read of a request that was answered before its end, bytes. */
const MAX_DISCARDED = 8 * 1024 * 1024;
/** For how long it is read. */
const DISCARD_MS = 30_000;

/**
 * Requests of all connections that may be in work at a time; beyond, each
 * connection may have a few: whoever opens many gains no more memory by it, and
 * takes nothing from the others.
 */
const MOST_REQUESTS = 4096;
const FEW_REQUESTS = 2;
let requestsInWork = 0;

const OK: HeaderField = [":status", "200"];
const ANY_ORIGIN: HeaderField = ["access-control-allow-origin", "*"];
const CORS: readonly HeaderField[] = [
  ANY_ORIGIN,
  ["access-control-expose-headers", "*"],
];
const PREFLIGHT: readonly HeaderField[] = [
  ANY_ORIGIN,
  ["access-control-allow-methods", "POST, OPTIONS"],
  ["access-control-allow-headers", "*"],
  ["access-control-max-age", "86400"],
];

/** Answers a command; `end`: nothing follows. */
type Answer = (
  response: XftpResponse,
  options: { end: boolean },
) => Promise<void>;

/** A connection while it is served. */
export class XftpConnection {
  /** When the last request came, milliseconds since 1970. */
  lastActive: number;
  readonly #context: XftpContext;
  readonly #http: Http2Session;
  /** The client has sent a server name and speaks to the web certificate. */
  readonly #browser: boolean;
  readonly #handshake: ServerHandshake | undefined;
  readonly #legacy: XftpSession;
  #requests = 0;

  constructor(context: XftpContext, connection: Connection) {
    this.#context = context;
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
    this.#http = serveHttp2(connection, {
      limits: limitsOf(context),
      onStream: (stream) => this.#count(stream),
      onError: context.onError,
    });
  }

  /** Whether the client has finished the handshake. */
  get ready(): boolean {
    return this.#handshake === undefined || this.#handshake.done;
  }

  /** Whether a request is being handled. */
  get busy(): boolean {
    return this.#requests > 0;
  }

  /** Resolves when the connection and all of its requests have ended. */
  run(): Promise<void> {
    return this.#http.ended;
  }

  /** Ends the connection and what goes on in it. */
  close(): void {
    if (this.busy) this.#http.abort();
    else void this.#http.close();
  }

  async #count(stream: Http2Stream): Promise<void> {
    this.lastActive = this.#context.now();
    if (requestsInWork >= MOST_REQUESTS && this.#requests >= FEW_REQUESTS) {
      stream.reset(Http2Code.REFUSED_STREAM);
      return;
    }
    this.#requests++;
    requestsInWork++;
    try {
      await this.#serve(stream);
    } finally {
      this.#requests--;
      requestsInWork--;
    }
  }

  async #serve(stream: Http2Stream): Promise<void> {
    const headers = new Map(await stream.headers());
    const method = headers.get(":method");
    if (method === "OPTIONS" && this.#browser) {
      stream.sendHeaders([OK, ...PREFLIGHT], { end: true });
      return;
    }
    if (method !== "POST") {
      const { answerPage } = this.#context;
      if (answerPage !== undefined) await answerPage(stream);
      else stream.sendHeaders([[":status", "404"]], { end: true });
      return;
    }
    const body = new RequestBody(stream);
    const { handshakeTimeoutMs } = this.#context.options;
    const head = await body.within(
      handshakeTimeoutMs,
      () => body.head(XFTP_BLOCK_SIZE),
    );
    const step = this.#handshake?.step({
      head,
      webHello: headers.has("xftp-web-hello"),
      webHandshake: headers.has("xftp-handshake"),
    }) ?? { session: this.#legacy };
    if ("session" in step) {
      await this.#command(stream, { session: step.session, head, body });
    } else {
      this.#respond(stream);
      await stream.write(step.answer ?? EMPTY, { end: true });
    }
    await discard(stream, body);
  }

  async #command(
    stream: Http2Stream,
    { session, head, body }: {
      session: XftpSession;
      head: Uint8Array;
      body: RequestBody;
    },
  ): Promise<void> {
    const transmission = decodeXftpCommandBlock(session.params, head);
    const { correlationId, entityId } = transmission;
    const answer = async (
      response: XftpResponse,
      { end }: { end: boolean },
    ) => {
      const block = encodeXftpResponseBlock(session.params, {
        correlationId,
        // Responses without an entity must not have an ID (`checkCredentials`).
        entityId: response.tag === "SIDS" || response.tag === "PONG"
          ? EMPTY
          : entityId,
        response,
      });
      this.#respond(stream);
      await stream.write(block, { end });
    };
    const response = await this.#settle(async () => {
      if ("error" in transmission) return { tag: "ERR", ...transmission };
      const { files } = this.#context;
      const verdict = authorizeCommand(transmission, { session, files });
      if (!verdict.allowed) return { tag: "ERR", error: verdict.error };
      const { file } = verdict;
      const { command } = transmission;
      return command.tag === "FGET" && file !== undefined
        ? await this.#download(stream, { file, dhKey: command.dhKey, answer })
        : await this.#execute(transmission, { file, body });
    });
    if (response !== undefined && stream.open) {
      await answer(response, { end: true });
    }
  }

  /** What goes wrong on the relay's side is `INTERNAL` for the client. */
  async #settle(
    action: () => Promise<XftpResponse | undefined>,
  ): Promise<XftpResponse | undefined> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof Http2Error) throw error;
      this.#context.onError(error);
      return refuse("INTERNAL");
    }
  }

  /** Sends the content, or returns why not. */
  async #download(
    stream: Http2Stream,
    { file, dhKey, answer }: {
      file: FileRecord;
      dhKey: Uint8Array;
      answer: Answer;
    },
  ): Promise<XftpResponse | undefined> {
    const { downloads, options } = this.#context;
    const request = {
      owner: this,
      waitMs: options.uploadTimeoutMs,
      gone: stream.closed,
    };
    const result = await downloads.run(request, async (slot) => {
      const { response, download } = await beginDownload(
        this.#context,
        file,
        dhKey,
      );
      if (download === undefined) return response;
      await using _content = download;
      await answer(response, { end: false });
      try {
        await sendContent(download, { stream, slot });
      } catch (error) {
        // It is too late for another answer.
        if (!(error instanceof Http2Error)) this.#context.onError(error);
        stream.reset(Http2Code.INTERNAL_ERROR);
      }
    });
    return result === "busy" ? refuse("TIMEOUT") : result;
  }

  async #execute(
    { command, entityId }: XftpCommandTransmission,
    { file, body }: { file: FileRecord | undefined; body: RequestBody },
  ): Promise<XftpResponse> {
    const context = this.#context;
    if (command.tag === "PING") return { tag: "PONG" };
    if (command.tag === "FNEW") return await createFile(context, command);
    if (file === undefined) return refuse("INTERNAL");
    switch (command.tag) {
      case "FADD":
        return await addRecipients(context, file, command.recipientKeys);
      case "FPUT":
        return await receiveFile(context, file, { body, owner: this });
      case "FDEL":
        return await deleteFile(context, file);
      case "FGET":
        return refuse("INTERNAL");
      case "FACK":
        return await acknowledge(context, entityId);
    }
  }

  #respond(stream: Http2Stream): void {
    stream.sendHeaders(this.#browser ? [OK, ...CORS] : [OK]);
  }
}

function limitsOf({ options }: XftpContext): Http2Limits {
  const { requestsPerConnection, downloadStallMs } = options;
  return {
    streamWindow: STREAM_WINDOW,
    // Requests that wait for their turn leave room for one that has its turn.
    connectionWindow: requestsPerConnection * WAITING_REQUEST + STREAM_WINDOW,
    maxConcurrentStreams: requestsPerConnection,
    maxHeaderListSize: MAX_HEADERS,
    maxIdleFrames: MAX_IN_VAIN,
    writeStallMs: downloadStallMs,
  };
}

/** Takes what a client sends after its answer, as far as it is reasonable. */
async function discard(stream: Http2Stream, body: RequestBody): Promise<void> {
  await body.within(DISCARD_MS, async () => {
    if (!await body.discard(MAX_DISCARDED)) stream.reset(Http2Code.NO_ERROR);
  });
}
