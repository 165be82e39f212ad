/**
 * A relay and clients for the tests: all real, over TLS on loopback.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Config, loadConfig } from "../../config/mod.ts";
import {
  type AuthAlgorithm,
  boxKey,
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
} from "../../relay/crypto/mod.ts";
import { createLog } from "../../relay/log.ts";
import { type Relay, startRelay } from "../../relay/relay.ts";
import {
  type ClientRequest,
  decryptReceivedMessage,
  type Message,
  type QueueIds,
  type QueueRequest,
  type Received,
  type ServiceCredentials,
  SmpClient,
  supportedVersions,
  type VersionRange,
} from "../../relay/smp/mod.ts";
import { type Connection, dialTls } from "../../relay/transport/mod.ts";
import { EMPTY } from "../../relay/wire/mod.ts";

/** Settings of a relay for tests; `set` as on the command line. */
export interface TestRelayOptions {
  /** Data directory of an earlier relay. */
  readonly directory?: string;
  readonly set?: readonly string[];
  readonly fsyncDelay?: number;
  /** Bytes that must stay free on the disk. */
  readonly reserveBytes?: number;
  /** Largest database, in bytes. */
  readonly maxBytes?: number;
}

/** A relay in this process, on a free port, with a directory of its own. */
export class TestRelay implements AsyncDisposable {
  #relay: Relay;
  #config: Config;
  readonly #errors: string[];

  private constructor(
    { relay, config }: { relay: Relay; config: Config },
    errors: string[],
  ) {
    this.#relay = relay;
    this.#config = config;
    this.#errors = errors;
  }

  /** Starts a relay. */
  static async start(options: TestRelayOptions = {}): Promise<TestRelay> {
    const directory = options.directory ?? await Deno.makeTempDir();
    const errors: string[] = [];
    return new TestRelay(await start(directory, options, errors), errors);
  }

  /** The relay that runs now. */
  get relay(): Relay {
    return this.#relay;
  }

  /** Its settings. */
  get config(): Config {
    return this.#config;
  }

  /** What the relay complained of; a test that expects it takes it. */
  takeErrors(): string[] {
    return this.#errors.splice(0);
  }

  /** Stops it and starts another one on the same data. */
  async restart(
    set?: readonly string[],
    options: Omit<TestRelayOptions, "set" | "directory"> = {},
  ): Promise<void> {
    await this.#relay.stop();
    const { directory } = this.#config.data;
    const { relay, config } = await start(
      directory,
      { ...options, set },
      this.#errors,
    );
    this.#relay = relay;
    this.#config = config;
  }

  /** A client of the relay. */
  connect(options: TestClientOptions = {}): Promise<TestClient> {
    return TestClient.connect(this.#relay, options);
  }

  /** Resolves when this is so of the relay's numbers; asked over and over. */
  async until(
    holds: (counts: Record<string, number>) => boolean,
    timeoutMs = 20_000,
  ): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!holds(this.#relay.counts())) {
      if (Date.now() > deadline) {
        const counts = JSON.stringify(this.#relay.counts());
        throw new Error(`The relay never got there: ${counts}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /**
   * Stops the relay and removes its data. Nothing that clients do makes a
   * relay complain: throws if it did.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay.stop();
    await Deno.remove(this.#config.data.directory, { recursive: true });
    assert.deepEqual(this.#errors, []);
  }
}

async function start(
  directory: string,
  options: TestRelayOptions,
  errors: string[],
): Promise<{ relay: Relay; config: Config }> {
  const config = loadConfig({
    set: [
      `data.directory=${directory}`,
      "listen.addresses=127.0.0.1",
      "listen.ports=0",
      "path.map_port=false",
      "onion.enabled=off",
      "smp.end_delay=50ms",
      ...options.set ?? [],
    ],
    env: {},
  });
  const { fsyncDelay, reserveBytes, maxBytes } = options;
  const store = { fsyncDelay, reserveBytes, maxBytes };
  const log = createLog({ level: "warn", write: (line) => errors.push(line) });
  return { relay: await startRelay({ config, log, store }), config };
}

/** Where a relay on loopback is. */
export interface RelayPlace {
  readonly ports: readonly number[];
  readonly identity: { readonly fingerprint: Uint8Array };
}

/** How a client connects; left out: as the newest of the reference. */
export interface TestClientOptions {
  readonly versions?: VersionRange;
  /** False leaves ALPN out, as clients before version 7 do. */
  readonly alpn?: boolean;
  /** Connects as this service. */
  readonly service?: ServiceCredentials;
  /** Stands between the client and its connection. */
  readonly wrap?: (connection: Connection) => Connection;
}

/** A client that keeps what it is sent. */
export class TestClient implements AsyncDisposable {
  readonly #events: Received[] = [];
  readonly #waiting: ((event: Received) => void)[] = [];
  #client: SmpClient | undefined;

  /** Connects as the reference's client does. */
  static async connect(
    relay: RelayPlace,
    {
      versions = supportedVersions,
      alpn = true,
      service,
      wrap = (same) => same,
    }: TestClientOptions = {},
  ): Promise<TestClient> {
    const connection = wrap(
      await dialTls("127.0.0.1", relay.ports[0], {
        alpn: alpn ? ["smp/1"] : undefined,
        credentials: service,
      }),
    );
    const client = new TestClient();
    client.#client = await SmpClient.start(connection, {
      fingerprint: relay.identity.fingerprint,
      versions,
      service,
      timeoutMs: 30_000,
      onEvent: (event) => {
        const next = client.#waiting.shift();
        if (next === undefined) client.#events.push(event);
        else next(event);
      },
    });
    return client;
  }

  /** The client under it. */
  get smp(): SmpClient {
    if (this.#client === undefined) throw new Error("not connected");
    return this.#client;
  }

  /** Sends a command, resolves with the response, which names its entity. */
  async send(
    command: ClientRequest["command"],
    rest: Omit<ClientRequest, "command"> = {},
  ): Promise<Message> {
    const [response] = this.smp.requestAll([{ command, ...rest }]);
    const { message, entityId } = await response;
    assert.deepEqual(entityId, rest.entityId ?? EMPTY);
    return message;
  }

  /** The next event; rejects when none comes in time. */
  event(timeoutMs = 20_000): Promise<Received> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    return new Promise((resolve, reject) => {
      const deliver = (event: Received) => {
        clearTimeout(timer);
        resolve(event);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(deliver), 1);
        reject(new Error("no event came in time"));
      }, timeoutMs);
      this.#waiting.push(deliver);
    });
  }

  /** Events that came and nobody asked for. */
  get unread(): readonly Received[] {
    return this.#events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.smp.close();
  }
}

/** A queue as its recipient knows it. */
export interface TestQueue {
  readonly ids: QueueIds;
  readonly key: PrivateAuthKey;
  /** The ID for the recipient's commands. */
  readonly entityId: Uint8Array;
  /** Text of a received message; "QUOTA" for the marker of a full queue. */
  text(message: Message): string;
}

/** Creates a queue. */
export async function createQueue(
  client: TestClient,
  { algorithm = "ed25519", queue = { mode: "M" }, subscribe = true, password }:
    {
      algorithm?: AuthAlgorithm;
      queue?: QueueRequest;
      subscribe?: boolean;
      password?: string;
    } = {},
): Promise<TestQueue> {
  const { publicKey, privateKey } = generateAuthKeyPair(algorithm);
  const dhKeys = generateX25519();
  const message = await client.send({
    tag: "NEW",
    request: {
      recipientKey: publicKey,
      recipientDhKey: dhKeys.publicKey,
      subscribe,
      queue,
      basicAuth: password === undefined
        ? undefined
        : new TextEncoder().encode(password),
    },
  }, { key: privateKey });
  if (message.tag !== "IDS") {
    throw new Error(`Expected IDS, got ${JSON.stringify(message)}`);
  }
  const shared = dh(message.ids.relayDhKey, dhKeys.privateKey);
  if (shared === undefined) throw new Error("The relay's key is unusable");
  const secret = boxKey(shared);
  return {
    ids: message.ids,
    key: privateKey,
    entityId: message.ids.recipientId,
    text: (message) => {
      if (message.tag !== "MSG") {
        throw new Error(`Expected MSG: ${message.tag}`);
      }
      const received = decryptReceivedMessage(message.body, {
        secret,
        messageId: message.messageId,
      });
      if (received === undefined) throw new Error("Cannot decrypt the message");
      return received.type === "quota"
        ? "QUOTA"
        : new TextDecoder().decode(received.body);
    },
  };
}

/** `SEND` of a text. */
export function sendText(
  client: TestClient,
  text: string,
  to: { readonly senderId: Uint8Array; readonly key?: PrivateAuthKey },
): Promise<Message> {
  return client.send({
    tag: "SEND",
    notification: false,
    body: new TextEncoder().encode(text),
  }, { entityId: to.senderId, key: to.key });
}
