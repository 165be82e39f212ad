/**
 * Messages with numbers through one queue of a relay, whatever happens to the
 * path.
 *
 * @module
 */

import {
  type BoxKey,
  boxKey,
  dh,
  generateAuthKeyPair,
  generateX25519,
  type PrivateAuthKey,
} from "../../relay/crypto/mod.ts";
import {
  type ClientRequest,
  decryptReceivedMessage,
  type Message,
  type ServerAddress,
  SmpClient,
  supportedVersions,
} from "../../relay/smp/mod.ts";
import { dialTls } from "../../relay/transport/mod.ts";

/** How messages are sent. */
export interface NumberedOptions {
  readonly everyMs: number;
  /** For a connection, a response. */
  readonly timeoutMs: number;
  /** Told of what happens on the way. */
  readonly onEvent?: (event: Record<string, unknown>) => void;
}

/** What became of the messages. */
export interface NumberedResult {
  /** That the relay said it has. */
  readonly sent: number;
  /** Different ones that came. */
  readonly received: number;
  /** Numbers that the relay said it has and that did not come. */
  readonly missing: number[];
  /** Longest time between two that came, ms. */
  readonly longestGapMs: number;
  readonly connections: number;
}

interface Queue {
  readonly recipientId: Uint8Array;
  readonly senderId: Uint8Array;
  readonly recipientKey: PrivateAuthKey;
  readonly senderKey: PrivateAuthKey;
  readonly secret: BoxKey;
}

/** How long the last messages may take. */
const LAST_MS = 5000;

/** A queue, its recipient and its sender, on one connection. */
export class NumberedMessages {
  readonly #address: ServerAddress;
  readonly #options: NumberedOptions;
  readonly #received = new Set<number>();
  #client: SmpClient | undefined;
  #queue: Queue | undefined;
  #sent = 0;
  #connections = 0;
  #lastCame: number | undefined;
  #longestGapMs = 0;
  #stopped = false;

  constructor(address: ServerAddress, options: NumberedOptions) {
    this.#address = address;
    this.#options = options;
  }

  /** Sends no more messages: {@link run} comes to its end. */
  stop(): void {
    this.#stopped = true;
  }

  /** Sends for so long, then waits for what is still under way. */
  async run(ms: number): Promise<NumberedResult> {
    const end = performance.now() + ms;
    while (performance.now() < end && !this.#stopped) {
      const next = performance.now() + this.#options.everyMs;
      await this.#attempt((client, queue) =>
        this.#send(client, queue, this.#sent + 1)
      );
      await sleep(next - performance.now());
    }
    const last = performance.now() + LAST_MS;
    while (this.#missing().length > 0 && performance.now() < last) {
      await this.#attempt(async () => {});
      await sleep(50);
    }
    await this.#attempt((client, queue) =>
      asRecipient(client, queue, { tag: "DEL" })
    );
    this.#client?.abort();
    return {
      sent: this.#sent,
      received: this.#received.size,
      missing: this.#missing(),
      longestGapMs: Math.round(this.#longestGapMs),
      connections: this.#connections,
    };
  }

  #missing(): number[] {
    const numbers = Array.from({ length: this.#sent }, (_, index) => index + 1);
    return numbers.filter((number) => !this.#received.has(number));
  }

  /** Does something on a connection; a connection that fails is thrown away. */
  async #attempt(
    what: (client: SmpClient, queue: Queue) => Promise<void>,
  ): Promise<void> {
    try {
      this.#client ??= await this.#connect();
      this.#queue ??= await create(this.#client, this.#address.password);
      await what(this.#client, this.#queue);
    } catch (error) {
      this.#options.onEvent?.({
        event: "broken",
        why: error instanceof Error ? error.message : String(error),
      });
      this.#client?.abort();
      this.#client = undefined;
      await sleep(200);
    }
  }

  async #send(client: SmpClient, queue: Queue, number: number): Promise<void> {
    expectOk(
      await client.request({
        command: {
          tag: "SEND",
          notification: false,
          body: new TextEncoder().encode(String(number)),
        },
        entityId: queue.senderId,
        key: queue.senderKey,
      }),
    );
    this.#sent = number;
  }

  async #connect(): Promise<SmpClient> {
    const { hosts, port, fingerprint } = this.#address;
    const start = performance.now();
    const connection = await dialTls(hosts[0], Number(port || 5223), {
      alpn: ["smp/1"],
      signal: AbortSignal.timeout(this.#options.timeoutMs),
    });
    const client = await SmpClient.start(connection, {
      fingerprint,
      versions: supportedVersions,
      timeoutMs: this.#options.timeoutMs,
      onEvent: ({ message }) => this.#receive(client, message),
    });
    this.#connections++;
    this.#options.onEvent?.({
      event: "connected",
      ms: Math.round(performance.now() - start),
    });
    const queue = this.#queue;
    if (queue) {
      const answer = await client.request({
        command: { tag: "SUB" },
        entityId: queue.recipientId,
        key: queue.recipientKey,
      });
      // A message that waits is the answer.
      if (answer.tag === "MSG") this.#receive(client, answer);
      else if (answer.tag !== "SOK") expectOk(answer);
    }
    return client;
  }

  #receive(client: SmpClient, message: Message): void {
    const queue = this.#queue;
    if (message.tag !== "MSG" || !queue) return;
    const { messageId } = message;
    const read = decryptReceivedMessage(message.body, {
      secret: queue.secret,
      messageId,
    });
    if (read?.type !== "message") return;
    this.#came(Number(new TextDecoder().decode(read.body)));
    client.request({
      command: { tag: "ACK", messageId: messageId.slice() },
      entityId: queue.recipientId,
      key: queue.recipientKey,
    }).then(
      (answer) => this.#receive(client, answer),
      // The next connection delivers it again.
      () => {},
    );
  }

  #came(number: number): void {
    this.#received.add(number);
    const now = performance.now();
    if (this.#lastCame !== undefined) {
      const gap = now - this.#lastCame;
      this.#longestGapMs = Math.max(this.#longestGapMs, gap);
      if (gap > 1000 + this.#options.everyMs) {
        this.#options.onEvent?.({ event: "gap", ms: Math.round(gap), number });
      }
    }
    this.#lastCame = now;
  }
}

async function create(
  client: SmpClient,
  password: string | undefined,
): Promise<Queue> {
  const recipient = generateAuthKeyPair("ed25519");
  const sender = generateAuthKeyPair("ed25519");
  const keys = generateX25519();
  const answer = await client.request({
    command: {
      tag: "NEW",
      request: {
        recipientKey: recipient.publicKey,
        recipientDhKey: keys.publicKey,
        subscribe: true,
        queue: { mode: "M" },
        basicAuth: password === undefined
          ? undefined
          : new TextEncoder().encode(password),
      },
    },
    key: recipient.privateKey,
  });
  if (answer.tag !== "IDS") throw new Error(`NEW got ${words(answer)}`);
  const { recipientId, senderId, relayDhKey } = answer.ids;
  const shared = dh(relayDhKey, keys.privateKey);
  if (shared === undefined) throw new Error("the queue's key is unusable");
  const queue: Queue = {
    recipientId: recipientId.slice(),
    senderId: senderId.slice(),
    recipientKey: recipient.privateKey,
    senderKey: sender.privateKey,
    secret: boxKey(shared),
  };
  await asRecipient(client, queue, { tag: "KEY", key: sender.publicKey });
  return queue;
}

async function asRecipient(
  client: SmpClient,
  { recipientId, recipientKey }: Queue,
  command: ClientRequest["command"],
): Promise<void> {
  expectOk(
    await client.request({
      command,
      entityId: recipientId,
      key: recipientKey,
    }),
  );
}

function expectOk(answer: Message): void {
  if (answer.tag !== "OK") throw new Error(`the relay said ${words(answer)}`);
}

function words(answer: Message): string {
  return answer.tag === "ERR" ? `ERR ${answer.error.type}` : answer.tag;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
