/**
 * A client of one relay: commands out, responses matched, events handed on.
 *
 * @module
 */

import {
  cbAuthenticate,
  cbNonce,
  decryptBlock,
  encryptBlock,
  pad,
  type PrivateAuthKey,
  randomBytes,
  sign,
  unpad,
} from "../../crypto/mod.ts";
import { BlockReader } from "../../transport/blocks.ts";
import type { Connection } from "../../transport/connection.ts";
import { bytesKey, concatBytes, EMPTY } from "../../wire/mod.ts";
import { packTransmissions } from "../batch.ts";
import { takesServiceSignature } from "../command_codec.ts";
import type { Command } from "../commands.ts";
import type { Message } from "../messages.ts";
import {
  authorizeTransmission,
  decodeMessageTransmissions,
  encodeCommandTransmission,
  signedBytes,
} from "../transmission.ts";
import { BLOCK_SIZE } from "../versions.ts";
import { SmpClientError } from "./error.ts";
import {
  clientHandshake,
  type ClientHandshakeOptions,
  type ClientSession,
} from "./session.ts";

/** A command to send. */
export interface ClientRequest {
  readonly command: Command;
  /** Queue ID; none where the command takes none. */
  readonly entityId?: Uint8Array;
  /** Key that authorises the command. */
  readonly key?: PrivateAuthKey;
  /** 24 bytes, random unless given. */
  readonly correlationId?: Uint8Array;
  /**
   * False leaves out what a service signs beside the key; left out, it signs
   * what services have to.
   */
  readonly signAsService?: boolean;
}

/** A response, or an event when it has no correlation ID. */
export interface Received {
  readonly correlationId: Uint8Array;
  readonly entityId: Uint8Array;
  readonly message: Message;
  /** The relay's bytes could not be read; `message` is `ERR` with the reason. */
  readonly unreadable?: boolean;
}

/** Settings of a client. */
export interface SmpClientOptions extends ClientHandshakeOptions {
  /** Called for everything that is not the response to a request. */
  readonly onEvent?: (event: Received) => void;
  /** How long a response may take, in milliseconds (15 s unless given). */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly resolve: (received: Received) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** A session with a relay. */
export class SmpClient implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #session: ClientSession;
  readonly #options: SmpClientOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #receiving: Promise<void>;
  #lastReceived = performance.now();
  #ended = false;

  private constructor(
    connection: Connection,
    session: ClientSession,
    { blocks, options }: { blocks: BlockReader; options: SmpClientOptions },
  ) {
    this.#connection = connection;
    this.#session = session;
    this.#options = options;
    this.#receiving = this.#receive(blocks);
  }

  /**
   * Makes a client of a TLS connection. The connection is closed with the
   * client, and when the handshake fails.
   *
   * @throws {SmpClientError} see {@link clientHandshake}; `timeout` after
   * `timeoutMs`
   */
  static async start(
    connection: Connection,
    options: SmpClientOptions,
  ): Promise<SmpClient> {
    const blocks = new BlockReader(connection, BLOCK_SIZE);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      connection.abort();
    }, options.timeoutMs ?? DEFAULT_TIMEOUT);
    try {
      const session = await clientHandshake(connection, blocks, options);
      return new SmpClient(connection, session, { blocks, options });
    } catch (cause) {
      connection.abort();
      if (late) throw timedOut(cause);
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What was agreed in the handshake. */
  get session(): ClientSession {
    return this.#session;
  }

  /** Protocol version that was agreed. */
  get version(): number {
    return this.#session.params.version;
  }

  /** Whether the connection is open. */
  get open(): boolean {
    return !this.#ended && this.#connection.open;
  }

  /** Resolves when nothing comes any more, whoever closed the connection. */
  get ended(): Promise<void> {
    return this.#receiving;
  }

  /** Requests whose response has not come. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** When the last block came, on the clock of `performance.now`. */
  get lastReceived(): number {
    return this.#lastReceived;
  }

  /**
   * Sends a command; resolves with the response, which may be `ERR`.
   *
   * @throws {SmpClientError} `closed`, `timeout`
   */
  async request(request: ClientRequest): Promise<Message> {
    return (await this.requestAll([request])[0]).message;
  }

  /**
   * Sends several commands in as few blocks as possible.
   *
   * @throws {RangeError} when one is larger than a block; none is sent then
   */
  requestAll(requests: readonly ClientRequest[]): Promise<Received>[] {
    const sent = requests.map((request) => {
      const correlationId = request.correlationId ?? randomBytes(24);
      return {
        correlationId,
        transmission: this.#encode({ ...request, correlationId }),
      };
    });
    const batches = packTransmissions(
      sent.map(({ transmission }) => transmission),
    );
    if (batches.some(({ error }) => error !== undefined)) {
      throw new RangeError("The command is larger than a block");
    }
    const responses = sent.map(({ correlationId }) =>
      this.#expect(correlationId)
    );
    for (const batch of batches) {
      if (batch.error === undefined) this.sendContent(batch.content);
    }
    return responses;
  }

  /**
   * Sends a block whose content is one transmission with this correlation ID,
   * encoded and authorised already; resolves with the response.
   *
   * @throws {SmpClientError} `closed`, `timeout`
   */
  async requestContent(
    correlationId: Uint8Array,
    content: Uint8Array,
  ): Promise<Received> {
    const response = this.#expect(correlationId);
    if (this.open) this.sendContent(content);
    return await response;
  }

  /** Sends a block with this content: for what no command would send. */
  sendContent(content: Uint8Array): void {
    const { encryption } = this.#session;
    const block = encryption === undefined
      ? pad(content, BLOCK_SIZE)
      : encryptBlock(encryption.send, content);
    if (block === undefined) throw new RangeError("Content exceeds the block");
    this.#connection.write(block);
  }

  /** Closes the connection; requests under way are rejected. */
  async close(): Promise<void> {
    await this.#connection.close();
    await this.#receiving;
  }

  /** Closes the connection without a farewell; requests are rejected. */
  abort(): void {
    this.#connection.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #encode(
    { command, entityId = EMPTY, key, correlationId, signAsService }:
      & ClientRequest
      & { correlationId: Uint8Array },
  ): Uint8Array {
    const { params } = this.#session;
    const transmission = encodeCommandTransmission(params, {
      correlationId,
      entityId,
      command,
    });
    if (key === undefined) return authorizeTransmission(params, transmission);
    const message = signedBytes(transmission);
    const signs = signAsService ?? takesServiceSignature(command);
    const service = signs ? this.#session.service : undefined;
    return authorizeTransmission(params, transmission, {
      bytes: this.#authorize(key, correlationId, {
        message: service === undefined
          ? message
          : concatBytes(service.certificateHash, message),
      }),
      serviceSignature: service && sign(message, service.key),
    });
  }

  #authorize(
    key: PrivateAuthKey,
    correlationId: Uint8Array,
    { message }: { message: Uint8Array },
  ): Uint8Array {
    if (key.algorithm !== "x25519") return sign(message, key);
    const { relayKey } = this.#session;
    const authenticator = relayKey && cbAuthenticate(
      { publicKey: relayKey, privateKey: key.raw },
      { nonce: cbNonce(correlationId), message },
    );
    if (authenticator === undefined) {
      throw new SmpClientError("protocol", "The relay has no usable key");
    }
    return authenticator;
  }

  #expect(correlationId: Uint8Array): Promise<Received> {
    const name = bytesKey(correlationId);
    return new Promise((resolve, reject) => {
      if (!this.open) {
        reject(new SmpClientError("closed", "The connection is closed"));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(name);
        reject(timedOut());
      }, this.#options.timeoutMs ?? DEFAULT_TIMEOUT);
      this.#waiting.set(name, { resolve, reject, timer });
    });
  }

  async #receive(blocks: BlockReader): Promise<void> {
    let cause: unknown;
    try {
      for (;;) {
        const block = await blocks.next();
        if (block === undefined) break;
        this.#lastReceived = performance.now();
        this.#receiveBlock(block);
      }
    } catch (error) {
      cause = error;
      this.#connection.abort();
    }
    // Nobody reads any more, so nothing may be sent either.
    this.#ended = true;
    void this.#connection.close();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(
        new SmpClientError("closed", "The relay closed the connection", {
          cause,
        }),
      );
    }
    this.#waiting.clear();
  }

  #receiveBlock(block: Uint8Array): void {
    const { encryption, params } = this.#session;
    // What is handed on are views, so the block must be nobody else's.
    const own = block.slice();
    const content = encryption === undefined
      ? unpad(own)
      : decryptBlock(encryption.receive, own);
    if (content === undefined) {
      throw new SmpClientError("protocol", "The relay sent a damaged block");
    }
    for (const transmission of decodeMessageTransmissions(params, content)) {
      const message: Message = "error" in transmission
        ? { tag: "ERR", error: transmission.error }
        : transmission.message;
      const received: Received = {
        correlationId: transmission.correlationId,
        entityId: transmission.entityId,
        message,
        unreadable: "error" in transmission,
      };
      const name = bytesKey(received.correlationId);
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) {
        this.#options.onEvent?.(received);
      } else {
        this.#waiting.delete(name);
        clearTimeout(waiting.timer);
        waiting.resolve(received);
      }
    }
  }
}

const DEFAULT_TIMEOUT = 15_000;

function timedOut(cause?: unknown): SmpClientError {
  return new SmpClientError("timeout", "The relay did not answer in time", {
    cause,
  });
}
