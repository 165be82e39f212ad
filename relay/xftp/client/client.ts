/**
 * A client of one relay: chunks in, chunks out.
 *
 * @module
 */

import {
  type AuthKey,
  type AuthKeyPair,
  dh,
  generateX25519,
  openInPlace,
  type PrivateAuthKey,
  randomBytes,
  sha256,
  TAG_SIZE,
} from "../../crypto/mod.ts";
import type { Connection } from "../../transport/connection.ts";
import { EMPTY, equalBytes } from "../../wire/mod.ts";
import { decodeXftpResponseBlock, encodeXftpCommandBlock } from "../codec.ts";
import type { XftpCommand, XftpResponse } from "../messages.ts";
import { XFTP_BLOCK_SIZE } from "../versions.ts";
import { refused, XftpClientError } from "./error.ts";
import { HttpClient } from "./http.ts";
import {
  clientHandshake,
  type ClientHandshakeOptions,
  type ClientSession,
} from "./session.ts";

const DEFAULT_TIMEOUT = 20_000;

/** Settings of a client. */
export interface XftpClientOptions extends ClientHandshakeOptions {
  /**
   * How long a response, or the next bytes of a transfer, may take, in
   * milliseconds (20 s unless given).
   */
  readonly timeoutMs?: number;
}

/** What lets somebody use a chunk: its sender, or one of its recipients. */
export interface ChunkAccess {
  /** The sender's or the recipient's ID, 16 bytes. */
  readonly id: Uint8Array;
  readonly key: PrivateAuthKey;
}

/** What a chunk has to be. */
export interface ChunkContent {
  /** Size in bytes. */
  readonly size: number;
  /** SHA-256, 32 bytes. */
  readonly digest: Uint8Array;
}

/** A chunk to announce. */
export interface NewChunk extends ChunkContent {
  readonly senderKeys: AuthKeyPair;
  /** At least one. */
  readonly recipientKeys: readonly AuthKey[];
  /** The relay's password. */
  readonly password?: string;
}

/** A command to send. */
export interface XftpRequest {
  readonly command: XftpCommand;
  /** Sender's or recipient's ID; none where the command takes none. */
  readonly entityId?: Uint8Array;
  /** Key that authorises the command. */
  readonly key?: PrivateAuthKey;
  /** Content of `FPUT`. */
  readonly content?: Uint8Array;
  /** Called with each number of content bytes that went through. */
  readonly onProgress?: (bytes: number) => void;
}

/** A session with a relay. */
export class XftpClient implements AsyncDisposable {
  readonly #http: HttpClient;
  readonly #session: ClientSession;
  readonly #timeoutMs: number;

  private constructor(
    http: HttpClient,
    session: ClientSession,
    { timeoutMs }: { timeoutMs: number },
  ) {
    this.#http = http;
    this.#session = session;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes a client of a TLS connection. The connection is closed with the
   * client, and when the handshake fails.
   *
   * @throws {XftpClientError} when the relay is another one than the address
   * says, speaks other versions, does not speak XFTP, or does not answer
   */
  static async start(
    connection: Connection,
    options: XftpClientOptions,
  ): Promise<XftpClient> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT;
    const http = new HttpClient(connection);
    try {
      const session = await clientHandshake(
        { connection, http, timeoutMs },
        options,
      );
      return new XftpClient(http, session, { timeoutMs });
    } catch (cause) {
      await http.close();
      throw cause;
    }
  }

  /** Protocol version that was agreed. */
  get version(): number {
    return this.#session.params.version;
  }

  /** Whether another request may be made. */
  get open(): boolean {
    return this.#http.open;
  }

  /**
   * Announces a chunk; gives the sender's ID, and the recipients' in the order
   * of their keys.
   *
   * @throws {XftpClientError}
   */
  async create(
    chunk: NewChunk,
  ): Promise<{ senderId: Uint8Array; recipientIds: readonly Uint8Array[] }> {
    const { senderKeys, recipientKeys, size, digest, password } = chunk;
    const response = await this.request({
      command: {
        tag: "FNEW",
        file: { senderKey: senderKeys.publicKey, size, digest },
        recipientKeys,
        basicAuth: password === undefined
          ? undefined
          : new TextEncoder().encode(password),
      },
      key: senderKeys.privateKey,
    });
    if (
      response.tag !== "SIDS" ||
      response.recipientIds.length !== recipientKeys.length
    ) throw unexpected();
    return {
      senderId: response.senderId.slice(),
      recipientIds: response.recipientIds.map((id) => id.slice()),
    };
  }

  /**
   * Adds recipients to a chunk; gives their IDs in the order of their keys.
   *
   * @throws {XftpClientError}
   */
  async addRecipients(
    sender: ChunkAccess,
    recipientKeys: readonly AuthKey[],
  ): Promise<readonly Uint8Array[]> {
    const response = await this.request({
      command: { tag: "FADD", recipientKeys },
      ...accessOf(sender),
    });
    if (
      response.tag !== "RIDS" ||
      response.recipientIds.length !== recipientKeys.length
    ) throw unexpected();
    return response.recipientIds.map((id) => id.slice());
  }

  /**
   * Uploads the content of a chunk.
   *
   * @throws {XftpClientError}
   */
  async upload(
    sender: ChunkAccess,
    content: Uint8Array,
    options: Pick<XftpRequest, "onProgress"> = {},
  ): Promise<void> {
    expectOk(
      await this.request({
        command: { tag: "FPUT" },
        ...accessOf(sender),
        content,
        ...options,
      }),
    );
  }

  /**
   * Downloads a chunk into memory, checked against its size and digest.
   *
   * @throws {XftpClientError} `content` when it is another one
   */
  async download(
    recipient: ChunkAccess,
    chunk: ChunkContent,
    options: Pick<XftpRequest, "onProgress"> = {},
  ): Promise<Uint8Array> {
    const keys = generateX25519();
    const { response, body } = await this.#exchange({
      command: { tag: "FGET", dhKey: keys.publicKey },
      ...accessOf(recipient),
      ...options,
    }, chunk.size + TAG_SIZE);
    if (response.tag !== "FILE") throw unexpected();
    const secret = dh(response.relayDhKey, keys.privateKey);
    if (secret === undefined) throw unexpected();
    const end = XFTP_BLOCK_SIZE + chunk.size;
    if (body.length !== end + TAG_SIZE) {
      throw new XftpClientError("closed", "The relay broke off the download");
    }
    // The tag comes last; a box has it first, where the block was.
    body.copyWithin(XFTP_BLOCK_SIZE - TAG_SIZE, end);
    const content = openInPlace(
      body.subarray(XFTP_BLOCK_SIZE - TAG_SIZE, end),
      { secret, nonce: response.nonce },
    );
    if (content === undefined) {
      throw new XftpClientError("content", "The download was damaged");
    }
    if (!equalBytes(sha256(content), chunk.digest)) {
      throw new XftpClientError(
        "content",
        "The relay has another content than the sender gave it",
      );
    }
    return content;
  }

  /**
   * Deletes a chunk for everybody.
   *
   * @throws {XftpClientError}
   */
  async delete(sender: ChunkAccess): Promise<void> {
    const command = { tag: "FDEL" } as const;
    expectOk(await this.request({ command, ...accessOf(sender) }));
  }

  /**
   * Says that a chunk is received; the recipient cannot get it again.
   *
   * @throws {XftpClientError}
   */
  async acknowledge(recipient: ChunkAccess): Promise<void> {
    const command = { tag: "FACK" } as const;
    expectOk(await this.request({ command, ...accessOf(recipient) }));
  }

  /**
   * Asks whether the relay is there.
   *
   * @throws {XftpClientError}
   */
  async ping(): Promise<void> {
    const response = await this.request({ command: { tag: "PING" } });
    if (response.tag !== "PONG") throw unexpected();
  }

  /**
   * Sends a command that gets no content; resolves with the response.
   *
   * @throws {XftpClientError} `refused` for `ERR`
   */
  async request(request: XftpRequest): Promise<XftpResponse> {
    return (await this.#exchange(request, 0)).response;
  }

  /** Closes the connection; requests under way are rejected. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * A request with the block of its response read. `body` is the block and
   * the content behind it, of at most `room` bytes.
   */
  async #exchange(
    request: XftpRequest,
    room: number,
  ): Promise<{ response: XftpResponse; body: Uint8Array }> {
    const { content, onProgress, command, entityId = EMPTY, key } = request;
    const { params, relayKey } = this.#session;
    const correlationId = randomBytes(24);
    const head = encodeXftpCommandBlock(
      params,
      { correlationId, entityId, command },
      { privateKey: key, relayKey },
    );
    const body = new Uint8Array(XFTP_BLOCK_SIZE + room);
    let response: XftpResponse | undefined;
    const more = () => {
      response = this.#decode(
        body.subarray(0, XFTP_BLOCK_SIZE),
        correlationId,
      );
      return response.tag === "FILE" ? room : 0;
    };
    const filled = await this.#http.request({
      head,
      content,
      response: body,
      judge: { size: XFTP_BLOCK_SIZE, more },
      timeoutMs: this.#timeoutMs,
      onProgress,
    });
    if (response === undefined) {
      throw new XftpClientError("closed", "The relay broke off its response");
    }
    return { response, body: body.subarray(0, filled) };
  }

  /** The response in a block; `ERR` is thrown. Fields are views. */
  #decode(block: Uint8Array, correlationId: Uint8Array): XftpResponse {
    const decoded = decodeXftpResponseBlock(this.#session.params, block);
    if ("error" in decoded) {
      throw new XftpClientError(
        "protocol",
        `The relay's response cannot be read (${decoded.error.type})`,
      );
    }
    if (!equalBytes(decoded.correlationId, correlationId)) {
      throw new XftpClientError(
        "protocol",
        "The relay answered another request",
      );
    }
    const { response } = decoded;
    if (response.tag === "ERR") throw refused(response.error);
    return response;
  }
}

function accessOf(
  { id, key }: ChunkAccess,
): Pick<XftpRequest, "entityId" | "key"> {
  return { entityId: id, key };
}

function expectOk(response: XftpResponse): void {
  if (response.tag !== "OK") throw unexpected();
}

function unexpected(): XftpClientError {
  return new XftpClientError("protocol", "The relay answered something else");
}
